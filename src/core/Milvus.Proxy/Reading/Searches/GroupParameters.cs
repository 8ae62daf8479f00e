using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>What a search says about grouping.</summary>
/// <param name="Fields">Names as the client gave them.</param>
/// <param name="IsList">Given in the list form, so the answer has a list too.</param>
internal sealed record GroupParameters(ImmutableArray<string> Fields, bool IsList, int Size, bool Strict)
{
    /// <summary>A path into the field, apart from its name.</summary>
    public string JsonPath { get; private init; } = "";

    /// <summary>What values of a JSON path are taken as; null for text of whatever they are.</summary>
    public DataType? JsonType { get; private init; }

    public bool StrictCast { get; private init; }

    /// <summary>Null when the request does not group.</summary>
    public static GroupParameters? Parse(ImmutableDictionary<string, string> parameters)
    {
        // If both forms are sent the single field wins.
        var single = parameters.GetValueOrDefault("group_by_field", "").Trim();
        ImmutableArray<string> fields = single.Length > 0 ? [single] : NameLists.Parse(parameters.GetValueOrDefault("group_by_fields"));
        if (fields.IsEmpty) return null;
        var size = WindowChecks.Find(parameters, "group_size") ?? 1;
        if (size < 1) throw MilvusException.InvalidParameter($"input group size:{size} is negative");
        if (size > Limits.GroupSize) throw MilvusException.InvalidParameter($"input group size:{size} exceeds configured max group size:{Limits.GroupSize}");
        return new GroupParameters(fields, single.Length == 0, (int)size, ParamText.IsTrue(parameters.GetValueOrDefault("strict_group_size")))
        {
            JsonPath = parameters.GetValueOrDefault("json_path", ""),
            JsonType = ParseType(parameters.GetValueOrDefault("json_type", "")),
            StrictCast = ParamText.IsTrue(parameters.GetValueOrDefault("strict_cast")),
        };
    }

    /// <exception cref="MilvusException">1700: no such field. 2000: not a type one can group by.</exception>
    public ImmutableArray<GroupTarget> Resolve(CollectionSchema schema) => [.. Fields.Select(name => Resolve(schema, name))];

    private GroupTarget Resolve(CollectionSchema schema, string name)
    {
        var isName = name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] is '_' or '$');
        if (!isName && schema.DynamicField is not null) throw MilvusException.InvalidParameter($"cannot parse identifier: {name}");
        if (!isName || JsonPathText.Resolve(schema, name, JsonPath) is not var (field, path))
            throw new MilvusException(ErrorCode.FieldNotFound, $"groupBy field not found in schema: field not found[field={name}]") { IsInputError = true };
        if (field.Type == DataType.Json) return new GroupTarget(field, new JsonProjection(path, JsonType ?? DataType.VarChar, StrictCast));
        if (field.Type is DataType.Bool or DataType.VarChar or DataType.Timestamptz || field.Type.IsInteger()) return new GroupTarget(field);
        throw new MilvusException(ErrorCode.SegcoreError, $"unsupported data type {EngineName(field.Type)} for group by operator");
    }

    // How the engine of Milvus spells types.
    private static string EngineName(DataType type)
    {
        if (type == DataType.SparseFloatVector) return "VECTOR_SPARSE_U32_F32";
        if (type == DataType.ArrayOfVector) return "VECTOR_ARRAY";
        var name = type.ToString();
        return (type.IsVector() ? $"VECTOR_{name[..^"Vector".Length]}" : name).ToUpperInvariant();
    }

    private static DataType? ParseType(string text) => text.ToLowerInvariant() switch
    {
        "" => null,
        "bool" => DataType.Bool,
        "int8" or "int16" or "int32" or "int64" or "int" => DataType.Int64,
        "varchar" or "string" => DataType.VarChar,
        _ => throw MilvusException.InvalidParameter($"json_type {text} is not supported for group by, use bool, int8, int16, int32, int64 or varchar"),
    };
}
