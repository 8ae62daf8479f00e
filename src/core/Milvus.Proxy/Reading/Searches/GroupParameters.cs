using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>What a search says about grouping.</summary>
internal sealed record GroupParameters(string Field, int Size, bool Strict)
{
    /// <summary>Null when the request does not group.</summary>
    public static GroupParameters? Parse(ImmutableDictionary<string, string> parameters, string key)
    {
        var field = parameters.GetValueOrDefault(key, "");
        if (field.Length == 0)
        {
            // The newer list form; with one name it means the same.
            field = parameters.GetValueOrDefault("group_by_fields", "").Trim();
            if (field.Length == 0) return null;
            if (field.Contains(',', StringComparison.Ordinal))
                throw new MilvusException(ErrorCode.Unimplemented, "grouping by several fields is not supported yet");
        }
        var size = WindowChecks.Find(parameters, "group_size") ?? 1;
        if (size < 1) throw MilvusException.InvalidParameter($"input group size:{size} should be greater than 0");
        if (size > Limits.GroupSize) throw MilvusException.InvalidParameter($"input group size:{size} exceeds configured max group size:{Limits.GroupSize}");
        return new GroupParameters(field, (int)size, ParamText.IsTrue(parameters.GetValueOrDefault("strict_group_size")));
    }

    /// <exception cref="MilvusException">1700: no such field. 2000: not a type one can group by.</exception>
    public FieldSchema Resolve(CollectionSchema schema)
    {
        if (schema.Find(Field) is not { } field)
        {
            if (schema.DynamicField is not null || Field.Contains('[', StringComparison.Ordinal))
                throw new MilvusException(ErrorCode.Unimplemented, "grouping by a JSON path or dynamic key is not supported yet");
            throw new MilvusException(ErrorCode.FieldNotFound, $"groupBy field not found in schema: field not found[field={Field}]") { IsInputError = true };
        }
        if (field.Type is DataType.Json) throw new MilvusException(ErrorCode.Unimplemented, "grouping by a JSON path or dynamic key is not supported yet");
        if (field.Type is DataType.Bool or DataType.VarChar or DataType.Timestamptz || field.Type.IsInteger()) return field;
        throw new MilvusException(ErrorCode.SegcoreError, $"unsupported data type {field.Type} for group by operator");
    }
}
