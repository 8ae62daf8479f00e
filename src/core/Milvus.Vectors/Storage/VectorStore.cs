using System.Numerics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Rows × fixed stride of one dense vector type, in pinned memory owned by the garbage collector or in a mapped file. The stride is
/// exactly <see cref="RowBytes"/>: rows are not padded. Rows never move once written.
/// </summary>
/// <remarks>
/// One writer at a time may append; any number of readers may read rows below a <see cref="Count"/> they have observed, at the same
/// time and without locks. Pointers stay valid while the store is reachable: code that keeps only pointers ends with
/// <see cref="GC.KeepAlive"/>.
/// </remarks>
public sealed unsafe class VectorStore
{
    private readonly Lock _gate = new();
    private readonly SlabTable _slabs = new();
    private readonly int _shift;
    private readonly int _mask;
    private readonly int _maxRows;

    /// <summary>Growing stores that hold so much take their slabs out of chunks of as much: each huge page spares the system half a thousand faults.</summary>
    private const int ChunkBytes = 16 << 20;

    private PinnedBuffer? _chunk;
    private int _chunkUsed;
    private MappedFile? _file;
    private byte* _single;
    private SlabTable? _norms;
    private InverseNorm? _rowNorm;
    private InverseNorm? _queryNorm;
    private int _capacity;
    private int _count;
    private long _memoryBytes;

    private VectorStore(DataType type, int dimension, int rowsPerSlabLog2, int maxRows)
    {
        Type = type;
        Dimension = dimension;
        RowBytes = type.VectorBytes(dimension);
        _shift = rowsPerSlabLog2;
        _mask = (int)((1L << rowsPerSlabLog2) - 1);
        _maxRows = maxRows;
    }

    /// <summary>FloatVector, Float16Vector, BFloat16Vector, Int8Vector or BinaryVector.</summary>
    public DataType Type { get; }

    /// <summary>Components of one row (bits for binary vectors).</summary>
    public int Dimension { get; }

    /// <summary>Bytes of one row, and the distance between two rows.</summary>
    public int RowBytes { get; }

    /// <summary>Rows published so far. Rows below it are complete and never change.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Rows that fit into the memory allocated so far.</summary>
    public int Capacity => Volatile.Read(ref _capacity);

    /// <summary>Bytes taken from the heap, including row norms and unused capacity; mapped rows take none.</summary>
    public long MemoryBytes => Volatile.Read(ref _memoryBytes);

    /// <summary>Bytes of the file that is mapped, if one is: it is held until nothing refers to the store, also when it was deleted.</summary>
    public long FileBytes => _file?.Length ?? 0;

    /// <summary>True when the rows are read from a mapped file.</summary>
    public bool IsMapped => _file is not null;

    /// <summary>True once inverse row norms are kept, as the cosine metric needs them.</summary>
    public bool HasNorms => Volatile.Read(ref _norms) is not null;

    /// <summary>
    /// A store for up to <paramref name="capacity"/> rows, allocated at once (in slabs of at most 1 GiB when it does not fit into
    /// one array).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not dense, or a number is out of range.</exception>
    public static VectorStore Create(DataType type, int dimension, int capacity) =>
        Create(type, dimension, capacity, PinnedBuffer.MaxLength, 1L << 30);

    /// <summary>A store of so many published rows, which its owner fills in place before it shows them to anyone: a row may have no more than its address.</summary>
    internal static VectorStore CreateFull(DataType type, int dimension, int rows)
    {
        VectorStore store = Create(type, dimension, rows);
        while (store.Count < rows)
            store.Publish(store.Reserve(rows - store.Count).Length / store.RowBytes);
        return store;
    }

    /// <summary>Published rows as the payload of an index has them; they are only read.</summary>
    internal static VectorStore Take(DataType type, int dimension, int rows, PayloadReader source)
    {
        Check(type, dimension);
        VectorStore store = Allocate(type, dimension, rows, PinnedBuffer.MaxLength, 1L << 30, null, 0, source);
        Volatile.Write(ref store._count, rows);
        return store;
    }

    /// <summary>Rows that lie in a file one behind the other, mapped and left there. All are published.</summary>
    /// <param name="path">A file that nobody changes; it may be deleted while it is in use where the system allows that.</param>
    /// <param name="offset">Where the first row starts: a multiple of the component's size.</param>
    /// <exception cref="IOException">The file cannot be mapped, or is shorter.</exception>
    public static VectorStore Map(DataType type, int dimension, int rows, string path, long offset)
    {
        Check(type, dimension);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (rows <= 0)
            return Create(type, dimension, rows);
        MappedFile file = MappedFile.Open(path);
        if (file.Length < offset + ((long)rows * type.VectorBytes(dimension)))
            throw new IOException($"{path} has no {rows} vectors from byte {offset} on");
        VectorStore store = Allocate(type, dimension, rows, PinnedBuffer.MaxLength, 1L << 30, file, offset);
        Volatile.Write(ref store._count, rows);
        return store;
    }

    /// <summary>As <see cref="Create(DataType, int, int)"/>, the rows in a new file that vanishes with the store.</summary>
    /// <param name="directory">A directory on a disk; created if need be.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public static VectorStore CreateMapped(DataType type, int dimension, int capacity, string directory)
    {
        Check(type, dimension);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return capacity == 0
            ? Create(type, dimension, 0)
            : Allocate(type, dimension, capacity, PinnedBuffer.MaxLength, 1L << 30, MappedFile.CreateTemporary(directory, (long)capacity * type.VectorBytes(dimension)), 0);
    }

    /// <summary>
    /// Tells a mapped store that it was read through for the last time for now: its pages leave this process, and come back as they are
    /// needed. Safe beside readers.
    /// </summary>
    /// <param name="isRandom">Rows will be read here and there rather than one after the other.</param>
    public void Settle(bool isRandom) => _file?.Settle(isRandom);

    /// <summary>
    /// A store that grows by slabs of <paramref name="rowsPerSlab"/> rows (rounded up to a power of two) without moving rows: for
    /// growing segments.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not dense, or a number is out of range.</exception>
    public static VectorStore CreateGrowing(DataType type, int dimension, int rowsPerSlab)
    {
        Check(type, dimension);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerSlab);
        int log2 = Math.Min(30, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)rowsPerSlab)));
        while (log2 > 0 && ((long)type.VectorBytes(dimension) << log2) > PinnedBuffer.MaxLength)
            log2--;
        return new VectorStore(type, dimension, log2, int.MaxValue);
    }

    internal static VectorStore Create(DataType type, int dimension, int capacity, long maxSingleBytes, long maxSlabBytes)
    {
        Check(type, dimension);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return Allocate(type, dimension, capacity, maxSingleBytes, maxSlabBytes, null, 0);
    }

    private static VectorStore Allocate(
        DataType type, int dimension, int capacity, long maxSingleBytes, long maxSlabBytes, MappedFile? file, long offset, PayloadReader? source = null)
    {
        int rowBytes = type.VectorBytes(dimension);
        if ((long)rowBytes * capacity <= maxSingleBytes)
        {
            var one = new VectorStore(type, dimension, 31, capacity) { _file = file };
            one.AddSlab(capacity, offset, source);
            one._single = one._slabs[0].Pointer;
            return one;
        }

        var store = new VectorStore(type, dimension, BitOperations.Log2((ulong)Math.Max(1, maxSlabBytes / rowBytes)), capacity) { _file = file };
        while (store.Capacity < capacity)
            store.AddSlab((int)Math.Min(1L << store._shift, capacity - store.Capacity), offset + ((long)store.Capacity * rowBytes), source);
        return store;
    }

    /// <summary>Where a published row starts. Not range-checked in release builds.</summary>
    public byte* RowPointer(int row)
    {
        System.Diagnostics.Debug.Assert((uint)row < (uint)Count);
        return Rows.Pointer(row);
    }

    /// <summary>The bytes of a published row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The row is not published.</exception>
    public ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        return new ReadOnlySpan<byte>(Rows.Pointer(row), RowBytes);
    }

    /// <summary>Copies whole rows behind the last one and publishes them. Single writer.</summary>
    /// <param name="rows">n × <see cref="RowBytes"/> bytes in the wire's little-endian layout.</param>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="RowBytes"/>.</exception>
    /// <exception cref="InvalidOperationException">A store of fixed capacity is full.</exception>
    public void Append(ReadOnlySpan<byte> rows)
    {
        if (rows.Length % RowBytes != 0)
            throw new ArgumentException($"{rows.Length} bytes are not whole rows of {RowBytes}", nameof(rows));
        if (rows.Length / RowBytes > _maxRows - _count)
            throw Full();
        while (!rows.IsEmpty)
        {
            Span<byte> room = Reserve(rows.Length / RowBytes);
            rows[..room.Length].CopyTo(room);
            Publish(room.Length / RowBytes);
            rows = rows[room.Length..];
        }
    }

    /// <summary>
    /// The memory of the next rows, at most <paramref name="maxRows"/> of them and at least one, to be filled in place (for example
    /// straight from a file) and then handed to <see cref="Publish"/>. Single writer.
    /// </summary>
    /// <exception cref="InvalidOperationException">A store of fixed capacity is full.</exception>
    public Span<byte> Reserve(int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        if (_count == _maxRows)
            throw Full();
        if (_count == _capacity)
            AddSlab((int)Math.Min(1L << _shift, _maxRows - _count), 0);
        PinnedBuffer slab = _slabs[_count >> _shift];
        int within = _count & _mask;
        int rows = Math.Min(maxRows, (slab.Length / RowBytes) - within);
        return slab.Span.Slice(within * RowBytes, rows * RowBytes);
    }

    /// <summary>Makes the first <paramref name="rows"/> rows of the memory last reserved visible to readers. Single writer.</summary>
    public void Publish(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, _capacity - _count);
        lock (_gate)
        {
            if (_norms is not null)
                WriteNorms(_norms, _count, rows);
            Volatile.Write(ref _count, _count + rows);
        }
    }

    /// <summary>Writes all rows, one behind the other, from a cache line on.</summary>
    internal void Write(PayloadWriter writer)
    {
        writer.Align();
        for (int slab = 0, row = 0; row < Count; slab++)
        {
            int some = Math.Min(Count - row, _slabs[slab].Length / RowBytes);
            writer.Write(_slabs[slab].Span[..(some * RowBytes)]);
            row += some;
        }

        GC.KeepAlive(this);
    }

    /// <summary>
    /// Keeps 1 / |row| for every present and future row (4 bytes a row; 0 for a zero row), as the cosine metric needs it. Idempotent
    /// and safe beside readers and the writer.
    /// </summary>
    /// <exception cref="InvalidOperationException">Binary vectors have no norm.</exception>
    public void EnsureNorms()
    {
        if (HasNorms)
            return;
        if (Type == DataType.BinaryVector)
            throw new InvalidOperationException("binary vectors have no norm");
        lock (_gate)
        {
            if (_norms is not null)
                return;
            var norms = new SlabTable();
            for (int slab = 0; slab < _slabs.Count; slab++)
                AddNormSlab(norms, _slabs[slab]);
            WriteNorms(norms, 0, _count);
            Volatile.Write(ref _norms, norms);
        }
    }

    /// <summary>Computes 1 / |vector| for rows of this type and dimension.</summary>
    internal InverseNorm RowNorm => _rowNorm ??= InverseNorm.For(Type, Dimension);

    /// <summary>Computes 1 / |vector| for queries in their prepared form.</summary>
    internal InverseNorm QueryNorm => _queryNorm ??= InverseNorm.For(FloatDecoder.IsNeededFor(Type) ? DataType.FloatVector : Type, Dimension);

    /// <summary>Row addresses for inner loops; take it after reading <see cref="Count"/>.</summary>
    internal RowReader Rows => new(_single, _slabs.Entries, _shift, _mask, RowBytes);

    /// <summary>Inverse norms for inner loops; take it after <see cref="EnsureNorms"/> and after reading <see cref="Count"/>.</summary>
    internal NormReader Norms => Volatile.Read(ref _norms) is { } norms ? new(norms.Entries, _shift, _mask) : default;

    private static void Check(DataType type, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(type.VectorBytes(dimension), nameof(dimension));
    }

    private static InvalidOperationException Full() => new("a store of fixed capacity is full");

    private void AddSlab(int rows, long offset, PayloadReader? source = null)
    {
        long taken = 0;
        PinnedBuffer slab = source is not null ? source.Take((long)rows * RowBytes)
            : _file is not null ? new PinnedBuffer(_file, offset, checked(rows * RowBytes))
            : _maxRows == int.MaxValue && (long)rows * RowBytes <= ChunkBytes ? TakeFromChunk(rows * RowBytes, out taken)
            : new PinnedBuffer((long)rows * RowBytes);
        lock (_gate)
        {
            _slabs.Add(slab);
            if (_norms is not null)
                AddNormSlab(_norms, slab);
            Volatile.Write(ref _memoryBytes, _memoryBytes + slab.MemoryBytes + taken);
            Volatile.Write(ref _capacity, _capacity + rows);
        }
    }

    /// <summary>The next slab of a growing store: alone while there is little, later one of a chunk.</summary>
    private PinnedBuffer TakeFromChunk(int bytes, out long taken)
    {
        int stride = PinnedBuffer.Align(bytes);
        taken = 0;
        if (_chunk is null || _chunk.Length - _chunkUsed < stride)
        {
            _chunk = new PinnedBuffer((long)stride * ((long)_slabs.Count * stride >= ChunkBytes ? ChunkBytes / stride : 1));
            _chunkUsed = 0;
            taken = _chunk.MemoryBytes;
        }

        var slab = new PinnedBuffer(_chunk, _chunkUsed, bytes);
        _chunkUsed += stride;
        return slab;
    }

    private void AddNormSlab(SlabTable norms, PinnedBuffer rows)
    {
        var slab = new PinnedBuffer((long)(rows.Length / RowBytes) * sizeof(float));
        norms.Add(slab);
        Volatile.Write(ref _memoryBytes, _memoryBytes + slab.MemoryBytes);
    }

    private void WriteNorms(SlabTable norms, int first, int rows)
    {
        RowReader reader = Rows;
        bool decodes = FloatDecoder.IsNeededFor(Type);
        PinnedBuffer scratch = new(decodes ? (long)Dimension * sizeof(float) : 0);
        for (int row = first; row < first + rows; row++)
        {
            byte* encoded = reader.Pointer(row);
            if (decodes)
                FloatDecoder.Decode(Type, encoded, (float*)scratch.Pointer, Dimension);
            ((float*)norms[row >> _shift].Pointer)[row & _mask] = RowNorm.Of(encoded, decodes ? scratch.Pointer : encoded);
        }

        GC.KeepAlive(scratch);
    }
}
