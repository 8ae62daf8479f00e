using Google.Protobuf;
using Google.Protobuf.Collections;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>
/// Spreads the values of a nullable column over its rows. Without flags every value is a row; with flags there are either as many values
/// as set flags, or as many as rows.
/// </summary>
internal readonly struct NullPacking
{
    private readonly RepeatedField<bool> _flags;
    private readonly string _name;

    /// <exception cref="MilvusException">1100: there are flags, but not one per row.</exception>
    public NullPacking(RepeatedField<bool> flags, int rows, string name)
    {
        if (flags.Count != 0 && flags.Count != rows)
            throw MilvusException.InvalidParameter($"the length of valid_data ({flags.Count}) of field ({name}) is not equal to passed num_rows ({rows})");
        _flags = flags;
        _name = name;
        Rows = rows;
        foreach (var flag in flags)
            if (flag) ValidCount++;
    }

    public int Rows { get; }

    public bool HasFlags => _flags.Count != 0;

    public int ValidCount { get; }

    public bool IsValid(int row) => _flags.Count == 0 || _flags[row];

    public static MilvusException WrongCount(int values, string name, int rows) => MilvusException.InvalidParameter(
        $"the num_rows ({values}) of field ({name}) is not equal to passed num_rows ({rows})", rows, values);

    /// <summary>Whether this number of values has one for every row, null rows included.</summary>
    /// <exception cref="MilvusException">1100: the number fits neither packing.</exception>
    public bool IsFullLength(int values)
    {
        if (!HasFlags || values == Rows) return true;
        return values == ValidCount ? false : throw WrongCount(values, _name, Rows);
    }

    public Validity? Validity() => HasFlags ? Model.Validity.FromFlags(KeyMapping.ToArray(_flags)) : null;

    public FixedColumn<T> Expand<T>(DataType type, T[] values)
        where T : unmanaged
    {
        if (IsFullLength(values.Length)) return new FixedColumn<T>(type, values, Validity());
        var spread = new T[Rows];
        var next = 0;
        for (var row = 0; row < Rows; row++)
            if (_flags[row]) spread[row] = values[next++];
        return new FixedColumn<T>(type, spread, Validity());
    }

    public Column Expand(DataType type, RepeatedField<string> values)
    {
        var full = IsFullLength(values.Count);
        var builder = new BinaryColumnBuilder(type);
        var next = 0;
        for (var row = 0; row < (HasFlags ? Rows : values.Count); row++)
        {
            if (IsValid(row)) builder.Append(values[full ? row : next++]);
            else builder.AppendNull();
        }
        return builder.Build();
    }

    /// <param name="convert">Applied to the values that are present.</param>
    public Column Expand(DataType type, RepeatedField<string> values, Func<string, byte[]> convert)
    {
        var full = IsFullLength(values.Count);
        var builder = new BinaryColumnBuilder(type);
        var next = 0;
        for (var row = 0; row < (HasFlags ? Rows : values.Count); row++)
        {
            if (IsValid(row)) builder.Append(convert(values[full ? row : next++]));
            else builder.AppendNull();
        }
        return builder.Build();
    }

    public Column Expand(DataType type, RepeatedField<ByteString> values)
    {
        var full = IsFullLength(values.Count);
        var builder = new BinaryColumnBuilder(type);
        var next = 0;
        for (var row = 0; row < (HasFlags ? Rows : values.Count); row++)
        {
            if (IsValid(row)) builder.Append(values[full ? row : next++].Span);
            else builder.AppendNull();
        }
        return builder.Build();
    }

    /// <summary>A column without any value; null when the flags say that there should be some.</summary>
    public Column? AllNull(DataType type, FieldSchema? field)
    {
        if (!HasFlags || ValidCount != 0) return null;
        ColumnBuilder builder;
        try
        {
            builder = field is not null ? ColumnBuilder.For(field) : ColumnBuilder.For(type, DataType.Int64, 8);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
        for (var row = 0; row < Rows; row++) builder.AppendNull();
        return builder.Build();
    }
}
