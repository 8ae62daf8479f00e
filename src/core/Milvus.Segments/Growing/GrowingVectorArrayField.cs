using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One field of lists of vectors of a growing segment. Null rows are kept as empty lists. Single writer, lock-free readers.</summary>
internal sealed class GrowingVectorArrayField : GrowingField
{
    private const int SlabBytes = 1 << 20;

    private readonly VectorStore _store;
    private readonly GrowingValidity _validity = new();
    private int[] _offsets = new int[64];
    private int _count;

    public GrowingVectorArrayField(FieldSchema field)
        : base(field.Id)
    {
        var vectorsPerSlab = Math.Clamp(SlabBytes / field.ElementType.VectorBytes(field.Dimension), 16, ColumnLimits.BlockRows);
        _store = VectorStore.CreateGrowing(field.ElementType, field.Dimension, vectorsPerSlab);
    }

    /// <summary>May hold rows that are not published yet. To be taken after the row count.</summary>
    public VectorArrays Vectors => new(_store, Volatile.Read(ref _offsets), _validity.Words);

    public override long MemoryBytes => _store.MemoryBytes + _validity.MemoryBytes + (Volatile.Read(ref _offsets).LongLength * sizeof(int));

    public override void Append(Column rows)
    {
        if (rows is not ArrayColumn { Elements: VectorColumn vectors } lists || vectors.Type != _store.Type || vectors.RowBytes != _store.RowBytes)
            throw new ArgumentException($"a column of {rows.Type} does not fit a field of lists of {_store.Type} of dimension {_store.Dimension}", nameof(rows));
        var offsets = _offsets;
        if (offsets.Length <= _count + lists.Count) Array.Resize(ref offsets, Math.Max(_count + lists.Count + 1, offsets.Length * 2));
        int first = lists.Offsets[0], last = lists.Offsets[^1];
        _store.Append(vectors.Data[(first * vectors.RowBytes)..(last * vectors.RowBytes)]);
        for (var i = 1; i <= lists.Count; i++) offsets[_count + i] = checked(offsets[_count] + lists.Offsets[i] - first);
        Volatile.Write(ref _offsets, offsets);
        _validity.Append(lists.Validity, 0, lists.Count);
        _count += lists.Count;
    }

    public override Column Block(int block, int rowCount) => Vectors.Take(RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount) => Vectors.Take(rows);
}
