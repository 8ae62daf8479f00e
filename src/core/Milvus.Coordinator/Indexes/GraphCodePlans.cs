using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Coordinator.Indexes;

/// <summary>What clients' parameters mean for graphs that are searched by codes of their rows, with Milvus' defaults.</summary>
internal static class GraphCodePlans
{
    private const int DefaultParts = 32;
    private const int DefaultResidualParts = 2;
    private const int DefaultStages = 2;
    private const int DefaultBits = 8;

    /// <summary>Null for graphs that are searched by byte codes of all rows, which every graph has: HNSW_SQ of 8 bits among them.</summary>
    public static RowCodeParameters? Resolve(IndexInfo index, FieldSchema field)
    {
        if (field.Type == DataType.BinaryVector) return null;
        var parameters = index.IndexType switch
        {
            "HNSW_SQ" => Scalar(index),
            "HNSW_PQ" => new RowCodeParameters(RowCoding.Product)
            {
                Parts = Parts(field.Dimension, index.Whole("m") ?? DefaultParts),
                Bits = Bits(index),
            },
            "HNSW_PRQ" => new RowCodeParameters(RowCoding.Product)
            {
                Parts = Parts(field.Dimension, index.Whole("m") ?? DefaultResidualParts),
                Stages = index.Whole("nrq") ?? DefaultStages,
                Bits = Bits(index),
            },
            _ => null,
        };
        return parameters is null ? null : parameters with { Refinement = Refinement(index) };
    }

    private static RowCodeParameters? Scalar(IndexInfo index) => Text(index, "sq_type") switch
    {
        "SQ4U" => new RowCodeParameters(RowCoding.Scalar4),
        "SQ6" => new RowCodeParameters(RowCoding.Scalar6),
        "FP16" => new RowCodeParameters(RowCoding.Float16),
        "BF16" => new RowCodeParameters(RowCoding.BFloat16),
        _ => null,
    };

    private static RowCoding Refinement(IndexInfo index) => Text(index, "refine") == "TRUE" ? RefineType(index) : RowCoding.None;

    /// <summary>The codes that <c>refine_type</c> names; the vectors themselves without it.</summary>
    public static RowCoding RefineType(IndexInfo index) => Text(index, "refine_type") switch
    {
        "SQ4U" => RowCoding.Scalar4,
        "SQ6" => RowCoding.Scalar6,
        "SQ8" => RowCoding.Scalar8,
        "FP16" => RowCoding.Float16,
        "BF16" => RowCoding.BFloat16,
        _ => RowCoding.Exact,
    };

    // A default that does not divide the dimension gives way to the next smaller number that does.
    private static int Parts(int dimension, int wanted)
    {
        var parts = Math.Min(wanted, dimension);
        while (dimension % parts != 0) parts--;
        return parts;
    }

    private static int Bits(IndexInfo index) => Math.Min(index.Whole("nbits") ?? DefaultBits, ProductQuantiser.MaxBits);

    private static string Text(IndexInfo index, string key) => index.BuildParams.GetValueOrDefault(key, "").ToUpperInvariant();
}
