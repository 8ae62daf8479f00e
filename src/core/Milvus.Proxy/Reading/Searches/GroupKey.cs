using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>A value that hits are grouped by; all nulls are one group.</summary>
internal readonly record struct GroupKey(bool IsNull, long Number, string? Text)
{
    public static GroupKey Of(Column column, int row)
    {
        if (column.IsNull(row)) return new GroupKey(true, 0, null);
        return column switch
        {
            FixedColumn<bool> c => new GroupKey(false, c.Values[row] ? 1 : 0, null),
            FixedColumn<sbyte> c => new GroupKey(false, c.Values[row], null),
            FixedColumn<short> c => new GroupKey(false, c.Values[row], null),
            FixedColumn<int> c => new GroupKey(false, c.Values[row], null),
            FixedColumn<long> c => new GroupKey(false, c.Values[row], null),
            BinaryColumn c => new GroupKey(false, 0, c.GetString(row)),
            _ => throw new MilvusException(ErrorCode.Internal, $"group values of type {column.Type}"),
        };
    }
}
