using System.Buffers;
using System.Text;

namespace Milvus.Model;

/// <summary>
/// Collects rows into a <see cref="Column"/>. Not thread-safe; <see cref="Build"/> may be called once. Appending a row of another
/// column copies bytes only, without boxing.
/// </summary>
public abstract class ColumnBuilder
{
    private ulong[] _valid = [];
    private bool _anyNull;

    private protected ColumnBuilder(DataType type) => Type = type;

    public DataType Type { get; }

    public int Count { get; private set; }

    /// <summary>Appends row <paramref name="row"/> of <paramref name="source"/>, which has the same type and shape.</summary>
    public abstract void AppendFrom(Column source, int row);

    /// <summary>Appends a null row (a placeholder value marked absent).</summary>
    public abstract void AppendNull();

    public abstract Column Build();

    /// <summary>A builder for rows of the field's type.</summary>
    public static ColumnBuilder For(FieldSchema field) => For(field.Type, field.ElementType, field.Dimension);

    /// <param name="dimension">Components of a dense vector; ignored otherwise.</param>
    public static ColumnBuilder For(DataType type, DataType elementType = DataType.None, int dimension = 0) => type switch
    {
        DataType.Bool => new FixedColumnBuilder<bool>(type),
        DataType.Int8 => new FixedColumnBuilder<sbyte>(type),
        DataType.Int16 => new FixedColumnBuilder<short>(type),
        DataType.Int32 => new FixedColumnBuilder<int>(type),
        DataType.Int64 or DataType.Timestamptz => new FixedColumnBuilder<long>(type),
        DataType.Float => new FixedColumnBuilder<float>(type),
        DataType.Double => new FixedColumnBuilder<double>(type),
        DataType.VarChar or DataType.String or DataType.Text or DataType.Json or DataType.Geometry or DataType.SparseFloatVector => new BinaryColumnBuilder(type),
        DataType.Array => new ArrayColumnBuilder(For(elementType)),
        DataType.ArrayOfVector => new ArrayColumnBuilder(new VectorColumnBuilder(elementType, dimension)),
        _ when type.IsDenseVector() => new VectorColumnBuilder(type, dimension),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no column representation"),
    };

    private protected void MarkValid() => Mark(true);

    private protected void MarkNull() => Mark(false);

    private protected Validity? BuildValidity() => _anyNull ? new Validity(_valid, Count) : null;

    private void Mark(bool valid)
    {
        if ((Count >> 6) >= _valid.Length) Array.Resize(ref _valid, Math.Max(4, _valid.Length * 2));
        if (valid) _valid[Count >> 6] |= 1UL << (Count & 63);
        else _anyNull = true;
        Count++;
    }
}

public sealed class FixedColumnBuilder<T>(DataType type) : ColumnBuilder(type)
    where T : unmanaged
{
    private readonly ArrayBufferWriter<T> _values = new();

    public void Append(T value)
    {
        _values.GetSpan(1)[0] = value;
        _values.Advance(1);
        MarkValid();
    }

    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row)) AppendNull();
        else Append(((FixedColumn<T>)source).Values[row]);
    }

    public override void AppendNull()
    {
        _values.GetSpan(1)[0] = default;
        _values.Advance(1);
        MarkNull();
    }

    public override FixedColumn<T> Build() => new(Type, _values.WrittenMemory, BuildValidity());
}

public sealed class BinaryColumnBuilder : ColumnBuilder
{
    private readonly ArrayBufferWriter<int> _offsets = new();
    private readonly ArrayBufferWriter<byte> _data = new();

    public BinaryColumnBuilder(DataType type)
        : base(type) => PushOffset();

    public void Append(ReadOnlySpan<byte> value)
    {
        _data.Write(value);
        PushOffset();
        MarkValid();
    }

    public void Append(string value)
    {
        Encoding.UTF8.GetBytes(value, _data);
        PushOffset();
        MarkValid();
    }

    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row)) AppendNull();
        else Append(((BinaryColumn)source)[row]);
    }

    public override void AppendNull()
    {
        PushOffset();
        MarkNull();
    }

    public override BinaryColumn Build() => new(Type, _offsets.WrittenMemory, _data.WrittenMemory, BuildValidity());

    private void PushOffset()
    {
        _offsets.GetSpan(1)[0] = _data.WrittenCount;
        _offsets.Advance(1);
    }
}

/// <summary>Append elements through <see cref="Elements"/>, then close the row with <see cref="EndRow"/>.</summary>
public sealed class ArrayColumnBuilder : ColumnBuilder
{
    private readonly ArrayBufferWriter<int> _offsets = new();

    public ArrayColumnBuilder(ColumnBuilder elements)
        : base(elements.Type.IsVector() ? DataType.ArrayOfVector : DataType.Array)
    {
        Elements = elements;
        PushOffset();
    }

    public ColumnBuilder Elements { get; }

    public void EndRow()
    {
        PushOffset();
        MarkValid();
    }

    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row))
        {
            AppendNull();
            return;
        }
        var array = (ArrayColumn)source;
        for (var i = array.Offsets[row]; i < array.Offsets[row + 1]; i++) Elements.AppendFrom(array.Elements, i);
        EndRow();
    }

    public override void AppendNull()
    {
        PushOffset();
        MarkNull();
    }

    public override ArrayColumn Build() => new(_offsets.WrittenMemory, Elements.Build(), BuildValidity());

    private void PushOffset()
    {
        _offsets.GetSpan(1)[0] = Elements.Count;
        _offsets.Advance(1);
    }
}

public sealed class VectorColumnBuilder(DataType type, int dimension) : ColumnBuilder(type)
{
    private readonly ArrayBufferWriter<byte> _data = new();
    private readonly int _rowBytes = type.VectorBytes(dimension);

    public int Dimension => dimension;

    /// <param name="vector">Exactly one row's bytes.</param>
    public void Append(ReadOnlySpan<byte> vector)
    {
        if (vector.Length != _rowBytes) throw new ArgumentException($"a vector has {_rowBytes} bytes, got {vector.Length}", nameof(vector));
        _data.Write(vector);
        MarkValid();
    }

    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row)) AppendNull();
        else Append(((VectorColumn)source)[row]);
    }

    public override void AppendNull()
    {
        _data.GetSpan(_rowBytes)[.._rowBytes].Clear();
        _data.Advance(_rowBytes);
        MarkNull();
    }

    public override VectorColumn Build() => new(Type, Dimension, _data.WrittenMemory, BuildValidity());
}
