using System.Globalization;
using Milvus.Coordinator.Indexes;
using Milvus.Expressions.Indexes;
using Milvus.Model;

namespace Milvus.DataNode;

/// <summary>What is really built for a scalar index of the catalogue.</summary>
public static class ScalarIndexPlans
{
    /// <summary>Null when nothing is built for the field.</summary>
    public static ScalarIndexSpec? Resolve(IndexInfo index, FieldSchema field)
    {
        if (field.Type is DataType.Text or DataType.None || field.Type.IsVector()) return null;
        if (field.Type == DataType.Json) return ResolveJson(index, field);
        return index.IndexType switch
        {
            "INVERTED" => new ScalarIndexSpec(ScalarIndexKind.Inverted),
            "BITMAP" => new ScalarIndexSpec(ScalarIndexKind.Bitmap),
            "STL_SORT" => new ScalarIndexSpec(ScalarIndexKind.Sorted),
            "Trie" => new ScalarIndexSpec(ScalarIndexKind.Trie),
            "NGRAM" => Grams(index, new ScalarIndexSpec(ScalarIndexKind.Ngram)),
            "RTREE" => new ScalarIndexSpec(ScalarIndexKind.RTree),
            "AUTOINDEX" => Auto(index, field),
            _ => null,
        };
    }

    private static ScalarIndexSpec Auto(IndexInfo index, FieldSchema field)
    {
        var kind = field.Type switch
        {
            DataType.Geometry => ScalarIndexKind.RTree,
            DataType.Bool => ScalarIndexKind.Bitmap,
            DataType.Array => ScalarIndexKind.Inverted,
            _ => ScalarIndexKind.Sorted,
        };
        // Few values are better served by bitmaps; how many there are shows when it is built.
        var byCardinality = field.Type.IsInteger() || field.Type is DataType.VarChar or DataType.Array;
        return new ScalarIndexSpec(kind) { BitmapLimit = byCardinality ? BitmapLimit(index) : 0 };
    }

    private static ScalarIndexSpec ResolveJson(IndexInfo index, FieldSchema field)
    {
        var cast = index.BuildParams.GetValueOrDefault("json_cast_type", "JSON").ToUpperInvariant() switch
        {
            "BOOL" => JsonCast.Bool,
            "DOUBLE" => JsonCast.Double,
            "VARCHAR" => JsonCast.Text,
            "ARRAY_BOOL" => JsonCast.BoolArray,
            "ARRAY_DOUBLE" => JsonCast.DoubleArray,
            "ARRAY_VARCHAR" => JsonCast.TextArray,
            _ => JsonCast.Document,
        };
        var kind = cast == JsonCast.Document ? ScalarIndexKind.Document : index.IndexType switch
        {
            "BITMAP" => ScalarIndexKind.Bitmap,
            "STL_SORT" => ScalarIndexKind.Sorted,
            "NGRAM" => ScalarIndexKind.Ngram,
            _ => ScalarIndexKind.Inverted,
        };
        var spec = new ScalarIndexSpec(kind) { Cast = cast, Path = IndexRules.JsonPathOf(field, index) };
        return kind == ScalarIndexKind.Ngram ? Grams(index, spec) : spec;
    }

    private static ScalarIndexSpec Grams(IndexInfo index, ScalarIndexSpec spec) => spec with { MinGram = Number(index, "min_gram") ?? 2, MaxGram = Number(index, "max_gram") ?? 3 };

    private static int BitmapLimit(IndexInfo index) => Number(index, "bitmap_cardinality_limit") ?? ScalarIndexSpec.DefaultBitmapLimit;

    private static int? Number(IndexInfo index, string key) =>
        index.BuildParams.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
}
