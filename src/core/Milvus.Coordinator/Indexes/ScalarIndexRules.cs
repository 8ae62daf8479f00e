using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Which scalar index fits which field.</summary>
internal static class ScalarIndexRules
{
    private static readonly FrozenSet<string> CastTypes =
        new[] { "BOOL", "DOUBLE", "VARCHAR", "ARRAY_BOOL", "ARRAY_DOUBLE", "ARRAY_VARCHAR", "JSON" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string> Names = new[] { "INVERTED", "BITMAP", "STL_SORT", "Trie", "NGRAM", "RTREE" }
        .ToFrozenDictionary(n => n, n => n, StringComparer.OrdinalIgnoreCase);

    /// <summary>The canonical spelling of a scalar index type, or null.</summary>
    public static string? Canonical(string indexType) => Names.GetValueOrDefault(indexType);

    /// <exception cref="MilvusException">1100: the index does not fit the field, or its parameters are wrong.</exception>
    public static void Check(string indexType, FieldSchema field, ImmutableSortedDictionary<string, string> parameters)
    {
        if (field.Type == DataType.Json && indexType is not ("Trie" or "RTREE")) CheckCast(indexType, parameters);
        switch (indexType)
        {
            case "INVERTED":
                if (field.Type.IsVector() || field.Type is DataType.Geometry or DataType.Timestamptz) throw NotSupported("INVERTED", field);
                break;
            case "BITMAP":
                CheckBitmap(field, parameters);
                break;
            case "STL_SORT":
                // Elements of structs can be sorted, those of arrays cannot: sub-fields have a bracket in their names.
                var sorted = field.Type == DataType.Array && field.Name.Contains('[', StringComparison.Ordinal) ? field.ElementType : field.Type;
                if (!sorted.IsNumeric() && sorted is not (DataType.VarChar or DataType.Timestamptz or DataType.Json))
                    throw MilvusException.InvalidParameter("STL_SORT are only supported on numeric, varchar or timestamptz field");
                CheckCastIsOneOf("STL_SORT", field, parameters, "DOUBLE", "VARCHAR");
                break;
            case "Trie":
                if (field.Type != DataType.VarChar) throw MilvusException.InvalidParameter("TRIE are only supported on varchar field");
                break;
            case "NGRAM":
                CheckNgram(field, parameters);
                break;
            case "RTREE":
                if (field.Type != DataType.Geometry) throw MilvusException.InvalidParameter("RTREE index can only be built on geometry field");
                break;
            case VectorIndexTypes.Auto:
                CheckAuto(field, parameters);
                break;
        }
    }

    private static void CheckBitmap(FieldSchema field, ImmutableSortedDictionary<string, string> parameters)
    {
        if (field.IsPrimaryKey) throw MilvusException.InvalidParameter("create bitmap index on primary key not supported");
        var type = field.Type == DataType.Array ? field.ElementType : field.Type;
        if (type is not (DataType.Bool or DataType.VarChar or DataType.Json) && !type.IsInteger())
            throw MilvusException.InvalidParameter("bitmap index are only supported on bool, int, string and array field");
        CheckCastIsOneOf("BITMAP", field, parameters, "BOOL", "VARCHAR");
    }

    private static void CheckNgram(FieldSchema field, ImmutableSortedDictionary<string, string> parameters)
    {
        if (field.Type is not (DataType.VarChar or DataType.Json)) throw MilvusException.InvalidParameter("ngram index can only be created on VARCHAR or JSON field");
        if (field.Type == DataType.Json && parameters["json_cast_type"] is var cast && !cast.Equals("VARCHAR", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter($"JSON field with ngram index only supports VARCHAR cast type, got: {cast.ToUpperInvariant()}");
        if (!parameters.TryGetValue("min_gram", out var minText) || !parameters.TryGetValue("max_gram", out var maxText))
            throw MilvusException.InvalidParameter("Ngram index must specify both min_gram and max_gram");
        if (!long.TryParse(minText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var min))
            throw MilvusException.InvalidParameter($"min_gram for Ngram index must be an integer, got: {minText}");
        if (!long.TryParse(maxText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var max))
            throw MilvusException.InvalidParameter($"max_gram for Ngram index must be an integer, got: {maxText}");
        if (min < 1 || max < min) throw MilvusException.InvalidParameter($"invalid min_gram or max_gram value for Ngram index, min_gram: {min}, max_gram: {max}");
    }

    private static void CheckAuto(FieldSchema field, ImmutableSortedDictionary<string, string> parameters)
    {
        if (field.Type == DataType.Json && parameters["json_cast_type"].StartsWith("ARRAY_", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter($"json_cast_type {parameters["json_cast_type"]} is not supported by AUTOINDEX");
        if (parameters.TryGetValue("bitmap_cardinality_limit", out var limit)
            && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 1000))
            throw MilvusException.InvalidParameter("failed to check bitmap cardinality limit, should be larger than 0 and smaller than 1000");
    }

    private static void CheckCast(string indexType, ImmutableSortedDictionary<string, string> parameters)
    {
        if (!parameters.TryGetValue("json_cast_type", out var cast))
            throw new MilvusException(ErrorCode.MissingParameter, indexType == "NGRAM"
                ? "JSON field with ngram index must specify json_cast_type: missing parameter"
                : "json index must specify cast type: missing parameter[missing_param=json_cast_type]")
            { IsInputError = true };
        if (!CastTypes.Contains(cast)) throw MilvusException.InvalidParameter($"json_cast_type {cast} is not supported");
        if (!parameters.TryGetValue("json_cast_function", out var function)) return;
        if (!function.Equals("STRING_TO_DOUBLE", StringComparison.OrdinalIgnoreCase)) throw MilvusException.InvalidParameter($"json_cast_function {function} is not supported");
        if (!cast.Equals("DOUBLE", StringComparison.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter($"json_cast_function {function} is not supported for json_cast_type {cast}");
    }

    private static void CheckCastIsOneOf(string indexType, FieldSchema field, ImmutableSortedDictionary<string, string> parameters, params ReadOnlySpan<string> allowed)
    {
        if (field.Type != DataType.Json) return;
        var cast = parameters["json_cast_type"];
        foreach (var a in allowed)
            if (cast.Equals(a, StringComparison.OrdinalIgnoreCase)) return;
        throw MilvusException.InvalidParameter($"{indexType} index on a JSON field does not support json_cast_type {cast}");
    }

    private static MilvusException NotSupported(string indexType, FieldSchema field) =>
        MilvusException.InvalidParameter($"{indexType} are not supported on {field.Type.Spelled()} field");
}
