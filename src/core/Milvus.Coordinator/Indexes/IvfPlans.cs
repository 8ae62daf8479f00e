using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Coordinator.Indexes;

/// <summary>What clients' parameters mean for inverted files, with Milvus' defaults.</summary>
internal static class IvfPlans
{
    private const int DefaultLists = 128;
    private const int DefaultBits = 8;
    private const int NibbleBits = 4;

    public static IvfParameters Resolve(IndexInfo index, FieldSchema field)
    {
        var plan = new IvfParameters { Lists = index.Whole("nlist") ?? DefaultLists, Refinement = Refinement(index) };
        return index.IndexType switch
        {
            "IVF_SQ8" => plan with { Coding = IvfCoding.Scalar, Bits = ScalarBits(index) },
            "IVF_PQ" or "GPU_IVF_PQ" => plan with
            {
                Coding = IvfCoding.Product,
                Parts = index.Whole("m") is { } m && field.Dimension % m == 0 ? m : Divisor(field.Dimension, 2),
                Bits = Math.Min(index.Whole("nbits") ?? DefaultBits, ProductQuantiser.MaxBits),
            },
            "SCANN" => plan with
            {
                Coding = IvfCoding.Product,
                Parts = field.Dimension / (index.Whole("sub_dim") ?? Divisor(field.Dimension, 2)),
                Bits = NibbleBits,
            },
            "IVF_RABITQ" => plan with { Coding = IvfCoding.RaBitQ, Bits = index.Whole("rbq_bits") ?? 1 },
            "IVF_RABITQ_FASTSCAN" => plan with { Coding = IvfCoding.RaBitQ, Bits = 1 },
            _ => plan with { Refinement = null },
        };
    }

    // What is not said is left to the index, which then does its best; Milvus' default would be not to refine.
    private static RowCoding? Refinement(IndexInfo index)
    {
        if (index.BuildParams.TryGetValue("with_raw_data", out var raw) && bool.TryParse(raw, out var keeps)) return keeps ? null : RowCoding.None;
        if (!index.BuildParams.TryGetValue("refine", out var text) || !bool.TryParse(text, out var refines)) return null;
        return refines ? GraphCodePlans.RefineType(index) : RowCoding.None;
    }

    private static int ScalarBits(IndexInfo index) => index.BuildParams.GetValueOrDefault("sq_type", "").ToUpperInvariant() switch
    {
        "SQ4" => 4,
        "SQ6" => 6,
        _ => DefaultBits,
    };

    private static int Divisor(int dimension, int wanted) => dimension % wanted == 0 ? wanted : 1;
}
