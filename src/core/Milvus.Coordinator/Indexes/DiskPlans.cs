using System.Globalization;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Coordinator.Indexes;

/// <summary>What clients' parameters mean for graphs on disk, with Milvus' defaults.</summary>
internal static class DiskPlans
{
    private const double GiB = 1L << 30;

    /// <summary>Beyond it hardly any link would be passed over.</summary>
    private const double MaxAlpha = 16;

    private const int LargestDegree = 2048;

    public static DiskGraphParameters Resolve(IndexInfo index)
    {
        var plan = index.IndexType == "AISAQ" ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters();
        var degree = index.Whole("max_degree") is { } links and >= 1 and <= LargestDegree ? links : plan.MaxDegree;
        if (plan.InlineCodes && index.Whole("inline_pq") is { } inline and >= 0)
        {
            // Links whose codes are not beside them would have to be read before they can be judged: there are as many links as codes. Without any beside the
            // links the codes are in memory.
            if (inline == 0) plan = plan with { InlineCodes = false };
            else degree = Math.Min(degree, inline);
        }
        return plan with
        {
            MaxDegree = degree,
            Alpha = Real(index, "alpha") is { } alpha and >= 1 and <= MaxAlpha ? (float)alpha : plan.Alpha,
            BuildList = index.Whole("search_list_size") is { } list and >= 1 ? list : plan.BuildList,
            CodeRatio = Real(index, "pq_code_budget_gb_ratio") ?? plan.CodeRatio,
            CodeBytes = Bytes(index, "pq_code_budget_gb"),
            CacheRatio = Real(index, "search_cache_budget_gb_ratio") ?? plan.CacheRatio,
            CacheBytes = Bytes(index, "search_cache_budget_gb") ?? (index.Whole("pq_cache_size") is { } cache and > 0 ? cache : null),
            EntryPoints = index.Whole("num_entry_points") ?? plan.EntryPoints,
        };
    }

    // 0 is Milvus' way to say that the share counts.
    private static long? Bytes(IndexInfo index, string key) => Real(index, key) is { } gib && gib > 0 ? (long)Math.Min(gib * GiB, 1L << 50) : null;

    private static double? Real(IndexInfo index, string key) =>
        index.BuildParams.TryGetValue(key, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n >= 0 ? n : null;
}
