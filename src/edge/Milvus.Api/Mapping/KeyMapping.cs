using Google.Protobuf.Collections;
using Milvus.Model;
using Milvus.Protocol.Schema;
using DataType = Milvus.Model.DataType;

namespace Milvus.Api.Mapping;

/// <summary>Primary keys: <c>schema.IDs</c> and the core's key columns.</summary>
public static class KeyMapping
{
    /// <summary>Always one of the two typed lists, also when empty: clients look at which one is set.</summary>
    public static IDs ToIds(PrimaryKeys keys)
    {
        if (keys.IsInt64)
        {
            var ids = new LongArray();
            ids.Data.AddSpan(keys.Int64s);
            return new IDs { IntId = ids };
        }

        var texts = new StringArray();
        texts.Data.Capacity = keys.Count;
        for (var i = 0; i < keys.Count; i++) texts.Data.Add(keys.Strings.GetString(i));
        return new IDs { StrId = texts };
    }

    /// <exception cref="MilvusException">1100: the list has no type.</exception>
    public static PrimaryKeys ToKeys(IDs ids) => ids.IdFieldCase switch
    {
        IDs.IdFieldOneofCase.IntId => new PrimaryKeys(new FixedColumn<long>(DataType.Int64, ids.IntId.Data.ToArray())),
        IDs.IdFieldOneofCase.StrId => new PrimaryKeys(BinaryColumn.FromStrings(DataType.VarChar, ids.StrId.Data)),
        _ => throw MilvusException.InvalidParameter("ids must be of type int64 or string"),
    };

    /// <summary>Appends without enumerating.</summary>
    internal static void AddSpan<T>(this RepeatedField<T> field, ReadOnlySpan<T> values)
    {
        field.Capacity = Math.Max(field.Capacity, field.Count + values.Length);
        foreach (var value in values) field.Add(value);
    }

    /// <summary>A copy as an array, in one block.</summary>
    internal static T[] ToArray<T>(this RepeatedField<T> field)
    {
        if (field.Count == 0) return [];
        var array = new T[field.Count];
        field.CopyTo(array, 0);
        return array;
    }
}
