using System.Collections.Immutable;
using System.Globalization;
using Milvus.Vectors;

namespace Milvus.Embedded.Shards;

/// <summary>The index parameters of a search, read from their texts. Immutable.</summary>
internal sealed class SegmentNumbers
{
    // Searches of one plan hand in the same dictionary again and again.
    [ThreadStatic]
    private static SegmentNumbers? s_last;

    private readonly ImmutableDictionary<string, string> _texts;

    private SegmentNumbers(ImmutableDictionary<string, string> texts)
    {
        _texts = texts;
        Ef = Number("ef") ?? Number("search_list") ?? Number("search_list_size");
        ElementBits = Number("mh_element_bit_width") ?? 8;
        BeamWidth = Number("beamwidth");
        Nprobe = Number("nprobe");
        RefineFactor = Real("refine_k");
        ElementRatio = Real("retrieval_ann_ratio");
        QueryBits = Number("rbq_bits_query") ?? Number("rbq_query_bits");
        ComparesSignatures = texts.TryGetValue("mh_search_with_jaccard", out var compares) && bool.TryParse(compares, out var yes) ? yes : null;
        MaxEmptyLists = Number("max_empty_result_buckets");
        DropRatio = Real("drop_ratio_search") ?? 0;
        MaxScoreRatio = Real("dim_max_score_ratio") ?? 1;
        SparseAlgorithm = SparseAlgorithms.TryParse(texts.GetValueOrDefault("search_algo"), out var algorithm) ? algorithm : SparseAlgorithm.Default;
    }

    public int? Ef { get; }

    public int ElementBits { get; }

    public int? BeamWidth { get; }

    public int? Nprobe { get; }

    public float? RefineFactor { get; }

    public float? ElementRatio { get; }

    public int? QueryBits { get; }

    public bool? ComparesSignatures { get; }

    public int? MaxEmptyLists { get; }

    public float DropRatio { get; }

    public float MaxScoreRatio { get; }

    public SparseAlgorithm SparseAlgorithm { get; }

    public static SegmentNumbers Of(ImmutableDictionary<string, string> texts) =>
        s_last is { } last && ReferenceEquals(last._texts, texts) ? last : s_last = new SegmentNumbers(texts);

    private float? Real(string key) =>
        _texts.TryGetValue(key, out var text) && float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : null;

    private int? Number(string key) =>
        _texts.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : null;
}
