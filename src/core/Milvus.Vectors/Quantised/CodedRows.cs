using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// A byte code of every row of a store, on cache lines, with the row's term of the distance beside: a quarter of the bytes that a
/// search over float32 rows moves. Made from the rows, and stored with the graph that is searched by them.
/// </summary>
internal sealed unsafe class CodedRows : GraphRows
{
    private readonly VectorStore _codes;
    private readonly SlabTable _terms = new();

    private CodedRows(CodeSpace space, VectorStore codes, PinnedBuffer terms)
    {
        Space = space;
        _codes = codes;
        _terms.Add(terms);
    }

    public CodeSpace Space { get; }

    public int Count => _codes.Count;

    public long MemoryBytes => _codes.MemoryBytes + _terms[0].MemoryBytes + Space.MemoryBytes;

    public override bool IsProduct => Space.IsProduct;

    public override RowReader Rows => _codes.Rows;

    public override NormReader Norms => NormReader.OfOne(_terms);

    public override int RowBytes => Space.Length;

    public override int Length => Space.Length;

    public override int QueryBytes => Space.QueryBytes;

    private float* Terms => (float*)_terms[0].Pointer;

    /// <summary>Encodes all rows the store holds.</summary>
    public static CodedRows Of(VectorStore store, CodeSpace space, int threads)
    {
        var coded = new CodedRows(space, VectorStore.CreateFull(DataType.Int8Vector, space.Length, store.Count), new PinnedBuffer((long)store.Count * sizeof(float)));
        const int Chunk = 1024;
        Workers.Run(threads, (store.Count + (Chunk - 1)) / Chunk, () =>
        {
            PinnedBuffer room = space.NewVector();
            return chunk => coded.Encode(store, chunk * Chunk, Math.Min(store.Count, (chunk + 1) * Chunk), room);
        });
        return coded;
    }

    /// <summary>The codes of so many rows as <see cref="Write"/> wrote them.</summary>
    /// <exception cref="IntegrityException">Damaged.</exception>
    public static CodedRows Read(int rows, CodeSpace space, PayloadReader reader)
    {
        VectorStore codes = reader.TakeRows(DataType.Int8Vector, space.Length, rows);
        return new CodedRows(space, codes, reader.TakePart((long)rows * sizeof(float)));
    }

    /// <summary>Writes codes and terms.</summary>
    public void Write(PayloadWriter writer)
    {
        _codes.Write(writer);
        writer.WritePart(_terms[0].Span);
        GC.KeepAlive(this);
    }

    public override byte* AsQuery(int row, byte* room, out float scale)
    {
        Space.Prepare(_codes.Rows.Pointer(row), Terms[row], room);
        scale = 1f;
        return room;
    }

    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) => CodeDispatch.Visit(InstructionSets.Best, visitor);

    private void Encode(VectorStore store, int first, int end, PinnedBuffer room)
    {
        RowReader source = store.Rows, target = _codes.Rows;
        for (int row = first; row < end; row++)
        {
            Space.Centre(source.Pointer(row), (float*)room.Pointer);
            Terms[row] = Space.Encode((float*)room.Pointer, target.Pointer(row));
        }

        GC.KeepAlive(store);
        GC.KeepAlive(room);
    }
}
