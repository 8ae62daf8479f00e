using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The rows of an exact index rounded to bytes (<see cref="RoundedRow"/>), so that a scan reads a quarter of what float32 rows take and compares by the rows
/// themselves only what rounding cannot rule out: answers stay exact. Chunks of rows are rounded by the first scan that comes by, which has them in cache anyway;
/// until then, and where another scan is just rounding, rows are compared directly.
/// </summary>
/// <remarks>The filter by a bound on the distance goes back to the VA-file (Weber, Schek, Blott 1998); the bound here is that of <see cref="ByteScreen"/>.</remarks>
internal sealed unsafe class FlatCodes
{
    /// <summary>Rows that are rounded together.</summary>
    public const int ChunkRows = 256;

    private const int Missing = 0, InWork = 1, Ready = 2;
    private const int SlabBytes = 1 << 30;

    private readonly Lock _gate = new();
    private readonly VectorStore _store;
    private readonly int[] _states;
    private readonly Slab?[] _slabs;
    private readonly int _shift;
    private readonly int _count;
    private long _memoryBytes;

    /// <param name="store">The vectors.</param>
    /// <param name="count">Rows covered, all of them published.</param>
    public FlatCodes(VectorStore store, int count)
    {
        _store = store;
        _count = count;
        Stride = StrideOf(store.Dimension);
        _shift = Math.Max(System.Numerics.BitOperations.Log2(ChunkRows), System.Numerics.BitOperations.Log2((uint)(SlabBytes / Stride)));
        _states = new int[(count + (ChunkRows - 1)) / ChunkRows];
        _slabs = new Slab?[(int)((count + (1L << _shift) - 1) >> _shift)];
    }

    /// <summary>Bytes from one row's code to the next.</summary>
    public int Stride { get; }

    /// <summary>Bytes taken so far.</summary>
    public long MemoryBytes => Volatile.Read(ref _memoryBytes);

    /// <summary>Whether rows of a type have codes here and searches can use them.</summary>
    public static bool Serves(DataType type, int dimension) =>
        CodeScreen.IsSupported && dimension >= ByteScreen.LeastDimension && (type == DataType.FloatVector || FloatDecoder.IsNeededFor(type));

    /// <summary>Bytes that one row takes once its chunk is rounded.</summary>
    public static long BytesPerRow(DataType type, int dimension) => Serves(type, dimension) ? StrideOf(dimension) + (Terms * sizeof(float)) : 0;

    /// <summary>
    /// The codes of a chunk, if there are any now or can be made at once.
    /// </summary>
    /// <param name="chunk">Rows chunk × <see cref="ChunkRows"/> and on.</param>
    /// <param name="makes">Whether missing ones are made, which reads all its rows.</param>
    /// <param name="decoded">Room for a row as float32, for types that need it.</param>
    /// <returns>Null when there are none; the rows are then compared directly.</returns>
    public Chunk? Find(int chunk, bool makes, float* decoded)
    {
        int first = chunk * ChunkRows;
        if (Volatile.Read(ref _states[chunk]) != Ready)
        {
            if (!makes || Interlocked.CompareExchange(ref _states[chunk], InWork, Missing) != Missing)
                return null;
            try
            {
                Make(first, Math.Min(ChunkRows, _count - first), decoded);
                Volatile.Write(ref _states[chunk], Ready);
            }
            catch
            {
                Volatile.Write(ref _states[chunk], Missing);
                throw;
            }
        }

        Slab slab = Volatile.Read(ref _slabs[first >> _shift])!;
        return slab.From(first & (int)((1L << _shift) - 1), Stride);
    }

    /// <summary>Numbers that are kept of a row.</summary>
    private static int Terms => ByteTile.IsNarrow ? 5 : 4;

    /// <summary>Bytes of a row's code, filled up with zeros.</summary>
    public static int StrideOf(int dimension) => (dimension + (WordProducts.Lanes - 1)) / WordProducts.Lanes * WordProducts.Lanes;

    private void Make(int first, int rows, float* decoded)
    {
        Chunk chunk = SlabOf(first).From(first & (int)((1L << _shift) - 1), Stride);
        RowReader reader = _store.Rows;
        bool decodes = FloatDecoder.IsNeededFor(_store.Type);
        for (int i = 0; i < rows; i++)
        {
            byte* row = reader.Pointer(first + i);
            if (decodes)
            {
                FloatDecoder.Decode(_store.Type, row, decoded, _store.Dimension);
                row = (byte*)decoded;
            }

            RoundedRow rounded = RoundedRow.Of((float*)row, _store.Dimension, chunk.Codes + ((nint)i * Stride), Stride);
            (chunk.Steps[i], chunk.Norms[i], chunk.Errors[i], chunk.Zeros[i]) = (rounded.Step, rounded.Norm, rounded.Error, rounded.Zero);
            if (ByteTile.IsNarrow)
                chunk.NarrowErrors[i] = rounded.NarrowError(chunk.Codes + ((nint)i * Stride), _store.Dimension);
        }

        GC.KeepAlive(_store);
    }

    private Slab SlabOf(int row)
    {
        int slab = row >> _shift;
        if (Volatile.Read(ref _slabs[slab]) is { } present)
            return present;
        lock (_gate)
        {
            if (_slabs[slab] is { } made)
                return made;

            // Whole chunks, so that several rows can be looked at together at the end too.
            int rows = (int)Math.Min(1L << _shift, _count - ((long)slab << _shift));
            rows = (rows + (ChunkRows - 1)) / ChunkRows * ChunkRows;
            var fresh = new Slab(new PinnedBuffer((long)rows * Stride), new PinnedBuffer((long)Terms * rows * sizeof(float)), rows);
            Volatile.Write(ref _memoryBytes, _memoryBytes + fresh.Codes.MemoryBytes + fresh.Terms.MemoryBytes);
            Volatile.Write(ref _slabs[slab], fresh);
            return fresh;
        }
    }

    /// <summary>The codes of some rows and what is known of each: see <see cref="RoundedRow"/>. Valid while the index is reachable.</summary>
    internal readonly struct Chunk
    {
        public required byte* Codes { get; init; }

        public required float* Steps { get; init; }

        public required float* Norms { get; init; }

        public required float* Errors { get; init; }

        public required int* Zeros { get; init; }

        /// <summary>The <see cref="RoundedRow.NarrowError"/> of each row, where tiles are narrow.</summary>
        public required float* NarrowErrors { get; init; }

        public RoundedRow Row(int row) => new(Steps[row], Norms[row], Errors[row], Zeros[row]);
    }

    private sealed record Slab(PinnedBuffer Codes, PinnedBuffer Terms, int Rows)
    {
        public Chunk From(int row, int stride)
        {
            float* terms = (float*)Terms.Pointer + row;
            return new Chunk
            {
                Codes = Codes.Pointer + ((nint)row * stride),
                Steps = terms,
                Norms = terms + Rows,
                Errors = terms + (2L * Rows),
                Zeros = (int*)(terms + (3L * Rows)),
                NarrowErrors = terms + (4L * Rows),
            };
        }
    }
}
