using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Rows of one field that are appended by one writer while readers look at the rows published so far. Arrays are replaced when they
/// grow, never changed below the published rows, so a view taken by a reader stays valid for ever. What is published is the owner's
/// business: a reader first reads the row count, then takes a view of that many rows.
/// </summary>
internal abstract class GrowingBlock(DataType type)
{
    private const int FirstCapacity = 64;

    private readonly GrowingValidity _validity = new();

    public DataType Type { get; } = type;

    /// <summary>Rows written, published or not; for the writer.</summary>
    public int Count { get; private set; }

    public abstract long MemoryBytes { get; }

    /// <summary>Appends rows of a column of this block's type and shape. Single writer.</summary>
    public void Append(Column source, int start, int count)
    {
        AppendValues(source, start, count);
        _validity.Append(source.Validity, start, count);
        Count += count;
    }

    /// <summary>The first <paramref name="count"/> rows, which have been published.</summary>
    public abstract Column View(int count);

    protected Validity? ViewValidity(int count) => _validity.View(count);

    protected long ValidityBytes => _validity.MemoryBytes;

    protected abstract void AppendValues(Column source, int start, int count);

    /// <summary>Makes room for <paramref name="needed"/> elements, keeping the first <paramref name="used"/>.</summary>
    protected static void EnsureCapacity<T>(ref T[] array, int used, int needed)
    {
        if (needed <= array.Length) return;
        var size = (int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(FirstCapacity, array.Length * 2L)));
        var grown = new T[size];
        array.AsSpan(0, used).CopyTo(grown);
        Volatile.Write(ref array, grown);
    }

    public static GrowingBlock For(DataType type, DataType elementType) => type switch
    {
        DataType.Bool => new GrowingFixedBlock<bool>(type),
        DataType.Int8 => new GrowingFixedBlock<sbyte>(type),
        DataType.Int16 => new GrowingFixedBlock<short>(type),
        DataType.Int32 => new GrowingFixedBlock<int>(type),
        DataType.Int64 or DataType.Timestamptz => new GrowingFixedBlock<long>(type),
        DataType.Float => new GrowingFixedBlock<float>(type),
        DataType.Double => new GrowingFixedBlock<double>(type),
        DataType.VarChar or DataType.String or DataType.Text or DataType.Json or DataType.Geometry => new GrowingBinaryBlock(type),
        DataType.Array => new GrowingArrayBlock(elementType),
        _ => throw new MilvusException(ErrorCode.Unimplemented, $"fields of type {type} are not supported yet"),
    };
}

internal sealed class GrowingFixedBlock<T>(DataType type) : GrowingBlock(type)
    where T : unmanaged
{
    private T[] _values = [];

    public override long MemoryBytes => (Volatile.Read(ref _values).LongLength * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) + ValidityBytes;

    /// <summary>The value of a row that the caller knows to be written.</summary>
    public T this[int row] => Volatile.Read(ref _values)[row];

    public override Column View(int count) => new FixedColumn<T>(Type, Volatile.Read(ref _values).AsMemory(0, count), ViewValidity(count));

    protected override void AppendValues(Column source, int start, int count)
    {
        EnsureCapacity(ref _values, Count, checked(Count + count));
        ((FixedColumn<T>)source).Values.Slice(start, count).CopyTo(_values.AsSpan(Count));
    }
}

internal sealed class GrowingBinaryBlock(DataType type) : GrowingBlock(type)
{
    private int[] _offsets = [0];
    private byte[] _data = [];

    public override long MemoryBytes => (Volatile.Read(ref _offsets).LongLength * sizeof(int)) + Volatile.Read(ref _data).LongLength + ValidityBytes;

    /// <summary>The bytes of a row that the caller knows to be written.</summary>
    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            // Offsets first: the data array read afterwards is at least as new and holds everything they point to.
            var offsets = Volatile.Read(ref _offsets);
            return Volatile.Read(ref _data).AsSpan(offsets[row]..offsets[row + 1]);
        }
    }

    public override Column View(int count)
    {
        var offsets = Volatile.Read(ref _offsets);
        return new BinaryColumn(Type, offsets.AsMemory(0, count + 1), Volatile.Read(ref _data), ViewValidity(count));
    }

    protected override void AppendValues(Column source, int start, int count)
    {
        var from = (BinaryColumn)source;
        var bytes = from.Data[from.Offsets[start]..from.Offsets[start + count]];
        var used = _offsets[Count];
        EnsureCapacity(ref _data, used, checked(used + bytes.Length));
        bytes.CopyTo(_data.AsSpan(used));
        EnsureCapacity(ref _offsets, Count + 1, checked(Count + count + 1));
        var shift = used - from.Offsets[start];
        for (var i = 1; i <= count; i++) _offsets[Count + i] = from.Offsets[start + i] + shift;
    }
}

internal sealed class GrowingArrayBlock(DataType elementType) : GrowingBlock(DataType.Array)
{
    private readonly GrowingBlock _elements = For(elementType, DataType.None);
    private int[] _offsets = [0];

    public override long MemoryBytes => (Volatile.Read(ref _offsets).LongLength * sizeof(int)) + _elements.MemoryBytes + ValidityBytes;

    public override Column View(int count)
    {
        var offsets = Volatile.Read(ref _offsets);
        return new ArrayColumn(offsets.AsMemory(0, count + 1), _elements.View(offsets[count]), ViewValidity(count));
    }

    protected override void AppendValues(Column source, int start, int count)
    {
        var from = (ArrayColumn)source;
        int first = from.Offsets[start], last = from.Offsets[start + count];
        var used = _offsets[Count];
        _elements.Append(from.Elements, first, last - first);
        EnsureCapacity(ref _offsets, Count + 1, checked(Count + count + 1));
        for (var i = 1; i <= count; i++) _offsets[Count + i] = from.Offsets[start + i] - first + used;
    }
}
