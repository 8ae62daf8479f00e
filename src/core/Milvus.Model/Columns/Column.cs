namespace Milvus.Model;

/// <summary>
/// The values of one field for <see cref="Count"/> consecutive rows. Immutable to its readers. Null rows keep a placeholder value, so
/// row <c>i</c> of every representation is always at position <c>i</c>.
/// </summary>
public abstract class Column
{
    private protected Column(DataType type, int count, Validity? validity)
    {
        if (validity is not null && validity.Count != count) throw new ArgumentException("validity and column differ in length", nameof(validity));
        Type = type;
        Count = count;
        Validity = validity;
    }

    public DataType Type { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Null when no row is null.</summary>
    public Validity? Validity { get; }

    public bool IsNull(int row) => Validity is not null && !Validity[row];

    /// <summary>Bytes of payload, for budgets and flow control; an estimate that ignores object headers.</summary>
    public abstract long ByteSize { get; }

    /// <summary>Rows <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1; shares memory where it can.</summary>
    public abstract Column Slice(int start, int count);

    /// <summary>A copy holding the given rows in the given order; row numbers may repeat.</summary>
    public abstract Column Take(ReadOnlySpan<int> rows);

    private protected Validity? SliceValidity(int start, int count) => Validity?.Slice(start, count);

    private protected Validity? TakeValidity(ReadOnlySpan<int> rows)
    {
        if (Validity is null) return null;
        var words = new ulong[Model.Validity.WordCount(rows.Length)];
        for (var i = 0; i < rows.Length; i++)
            if (Validity[rows[i]]) words[i >> 6] |= 1UL << (i & 63);
        return new Validity(words, rows.Length);
    }
}

/// <summary>
/// Fixed-width scalars: bool → <see cref="bool"/>, Int8 → <see cref="sbyte"/>, Int16 → <see cref="short"/>, Int32 → <see cref="int"/>,
/// Int64 and Timestamptz (µs since 1970 UTC) → <see cref="long"/>, Float → <see cref="float"/>, Double → <see cref="double"/>.
/// </summary>
public sealed class FixedColumn<T> : Column
    where T : unmanaged
{
    private readonly ReadOnlyMemory<T> _values;

    public FixedColumn(DataType type, ReadOnlyMemory<T> values, Validity? validity = null)
        : base(type, values.Length, validity) => _values = values;

    public ReadOnlySpan<T> Values => _values.Span;

    public ReadOnlyMemory<T> Memory => _values;

    public override long ByteSize => (long)Count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();

    public override Column Slice(int start, int count) => new FixedColumn<T>(Type, _values.Slice(start, count), SliceValidity(start, count));

    public override Column Take(ReadOnlySpan<int> rows)
    {
        var values = new T[rows.Length];
        var source = Values;
        for (var i = 0; i < rows.Length; i++) values[i] = source[rows[i]];
        return new FixedColumn<T>(Type, values, TakeValidity(rows));
    }
}

/// <summary>
/// Values of varying length: VarChar, Text and Json as UTF-8, Geometry as WKB, sparse vectors as (uint32 index, float32 value) pairs, both
/// little-endian, ascending by index. Row <c>i</c> is <c>Data[Offsets[i] .. Offsets[i + 1]]</c>.
/// </summary>
public sealed class BinaryColumn : Column
{
    private readonly ReadOnlyMemory<int> _offsets;
    private readonly ReadOnlyMemory<byte> _data;

    /// <param name="offsets">count + 1 ascending positions in <paramref name="data"/>; the first need not be 0.</param>
    public BinaryColumn(DataType type, ReadOnlyMemory<int> offsets, ReadOnlyMemory<byte> data, Validity? validity = null)
        : base(type, offsets.Length - 1, validity)
    {
        _offsets = offsets;
        _data = data;
    }

    public ReadOnlySpan<int> Offsets => _offsets.Span;

    public ReadOnlySpan<byte> Data => _data.Span;

    /// <summary>What <see cref="Offsets"/> point into.</summary>
    public ReadOnlyMemory<byte> Memory => _data;

    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            var o = _offsets.Span;
            return _data.Span[o[row]..o[row + 1]];
        }
    }

    /// <summary>As <see cref="this[int]"/>, for callers that must keep the value.</summary>
    public ReadOnlyMemory<byte> GetMemory(int row)
    {
        var o = _offsets.Span;
        return _data[o[row]..o[row + 1]];
    }

    public string GetString(int row) => System.Text.Encoding.UTF8.GetString(this[row]);

    public override long ByteSize => _offsets.Span[^1] - _offsets.Span[0] + 4L * Count;

    public override Column Slice(int start, int count) =>
        new BinaryColumn(Type, _offsets.Slice(start, count + 1), _data, SliceValidity(start, count));

    public override Column Take(ReadOnlySpan<int> rows)
    {
        var offsets = new int[rows.Length + 1];
        var total = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            total = checked(total + this[rows[i]].Length);
            offsets[i + 1] = total;
        }
        var data = new byte[total];
        for (var i = 0; i < rows.Length; i++) this[rows[i]].CopyTo(data.AsSpan(offsets[i]));
        return new BinaryColumn(Type, offsets, data, TakeValidity(rows));
    }

    public static BinaryColumn FromStrings(DataType type, IReadOnlyList<string?> values)
    {
        var builder = new BinaryColumnBuilder(type);
        foreach (var v in values)
        {
            if (v is null) builder.AppendNull();
            else builder.Append(v);
        }
        return builder.Build();
    }
}

/// <summary>
/// Rows of lists, of scalars or of dense vectors: row <c>i</c> is <c>Elements[Offsets[i] .. Offsets[i + 1]]</c>. Elements are never null.
/// </summary>
public sealed class ArrayColumn : Column
{
    private readonly ReadOnlyMemory<int> _offsets;

    public ArrayColumn(ReadOnlyMemory<int> offsets, Column elements, Validity? validity = null)
        : base(elements is VectorColumn ? DataType.ArrayOfVector : DataType.Array, offsets.Length - 1, validity)
    {
        _offsets = offsets;
        Elements = elements;
    }

    public ReadOnlySpan<int> Offsets => _offsets.Span;

    public Column Elements { get; }

    public DataType ElementType => Elements.Type;

    public int Length(int row) => _offsets.Span[row + 1] - _offsets.Span[row];

    public override long ByteSize => Elements.ByteSize + 4L * Count;

    /// <summary>The elements of one row.</summary>
    public Column Row(int row)
    {
        var o = _offsets.Span;
        return Elements.Slice(o[row], o[row + 1] - o[row]);
    }

    public override Column Slice(int start, int count) => new ArrayColumn(_offsets.Slice(start, count + 1), Elements, SliceValidity(start, count));

    public override Column Take(ReadOnlySpan<int> rows)
    {
        var offsets = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++) offsets[i + 1] = checked(offsets[i] + Length(rows[i]));
        var picks = new int[offsets[^1]];
        var source = Offsets;
        for (var i = 0; i < rows.Length; i++)
            for (int j = offsets[i], e = source[rows[i]]; j < offsets[i + 1]; j++, e++) picks[j] = e;
        return new ArrayColumn(offsets, Elements.Take(picks), TakeValidity(rows));
    }
}

/// <summary>Dense vectors, <see cref="RowBytes"/> bytes a row without padding; null rows are zero bytes.</summary>
public sealed class VectorColumn : Column
{
    private readonly ReadOnlyMemory<byte> _data;

    public VectorColumn(DataType type, int dimension, ReadOnlyMemory<byte> data, Validity? validity = null)
        : base(type, data.Length / type.VectorBytes(dimension), validity)
    {
        Dimension = dimension;
        RowBytes = type.VectorBytes(dimension);
        if (data.Length % RowBytes != 0) throw new ArgumentException("vector data is not a whole number of rows", nameof(data));
        _data = data;
    }

    public int Dimension { get; }

    public int RowBytes { get; }

    public ReadOnlySpan<byte> Data => _data.Span;

    public ReadOnlyMemory<byte> Memory => _data;

    public ReadOnlySpan<byte> this[int row] => _data.Span.Slice(row * RowBytes, RowBytes);

    public override long ByteSize => _data.Length;

    public override Column Slice(int start, int count) =>
        new VectorColumn(Type, Dimension, _data.Slice(start * RowBytes, count * RowBytes), SliceValidity(start, count));

    public override Column Take(ReadOnlySpan<int> rows)
    {
        var data = new byte[checked(rows.Length * RowBytes)];
        for (var i = 0; i < rows.Length; i++) this[rows[i]].CopyTo(data.AsSpan(i * RowBytes));
        return new VectorColumn(Type, Dimension, data, TakeValidity(rows));
    }
}
