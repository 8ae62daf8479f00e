using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Coordinator.Indexes;

/// <summary>The structures this server builds.</summary>
public enum IndexPlanKind
{
    /// <summary>A scalar index, or none: nothing is built for a vector field.</summary>
    None,

    /// <summary>Exact scan of dense vectors.</summary>
    Flat,

    /// <summary>Navigable graph over dense or binary vectors.</summary>
    Hnsw,

    SparseInverted,

    /// <summary>Exact scan of binary vectors.</summary>
    BinaryFlat,

    /// <summary>Bands of MinHash signatures.</summary>
    MinHash,

    /// <summary>Inverted file over dense or binary vectors.</summary>
    Ivf,

    /// <summary>Graph over dense vectors that stays in a file.</summary>
    DiskGraph,
}

/// <summary>
/// What is built for an index, which may differ from what was asked: types without an algorithm of their own here are answered
/// exactly (FLAT, IVF, SCANN …) or by a graph (HNSW variants, GPU graphs).
/// </summary>
public sealed record IndexPlan(IndexPlanKind Kind, MetricType Metric)
{
    /// <summary>Neighbours per node above the lowest layer; the lowest keeps twice as many. Milvus' default is 30.</summary>
    public int M { get; init; } = 30;

    /// <summary>Candidates kept while a node is inserted. Milvus' default is 360.</summary>
    public int EfConstruction { get; init; } = 360;

    /// <summary>How an inverted file is made; null for other kinds.</summary>
    public IvfParameters? Ivf { get; init; }

    /// <summary>AUTOINDEX: what is built may be smaller where memory is scarce.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>How a graph on disk is made; null for other kinds.</summary>
    public DiskGraphParameters? Disk { get; init; }

    /// <summary>How signatures are looked up; null for other kinds.</summary>
    public MinHashParameters? MinHash { get; init; }

    /// <summary>What a graph is built and searched by; results always have the scores of the vectors themselves.</summary>
    public GraphCodes Codes { get; init; } = GraphCodes.Bytes;

    /// <summary>Codes that are kept with a graph and searched by instead; null for none.</summary>
    public RowCodeParameters? RowCodes { get; init; }

    public static IndexPlan Resolve(IndexInfo index, FieldSchema field)
    {
        if (!field.Type.IsVector()) return new(IndexPlanKind.None, MetricType.None);
        if (field.Type == DataType.ArrayOfVector)
        {
            // Elements are rows of an index as any others, ranked for themselves or to find the lists that are compared.
            return Resolve(index with { Metric = index.Metric.OfElements() }, field with { Type = field.ElementType, ElementType = DataType.None });
        }
        if (VectorIndexTypes.IsAuto(index.IndexType)) return Auto(index.Metric, field) with { IsAutomatic = true };
        var kind = VectorIndexTypes.Find(index.IndexType)?.Plan ?? IndexPlanKind.Flat;
        if (index.IndexType == "FAISS" && index.BuildParams.GetValueOrDefault("faiss_index_name", "").StartsWith("HNSW", StringComparison.OrdinalIgnoreCase))
            kind = IndexPlanKind.Hnsw;
        if (kind == IndexPlanKind.Flat && field.Type == DataType.BinaryVector) kind = IndexPlanKind.BinaryFlat;
        var plan = new IndexPlan(kind, index.Metric);
        if (kind == IndexPlanKind.MinHash)
        {
            var signatures = new MinHashParameters { ElementBits = index.Whole("mh_element_bit_width") ?? 8, Bands = index.Whole("mh_lsh_band") ?? 1 };
            return signatures.Fits(field.Dimension) ? plan with { MinHash = signatures } : plan with { Kind = IndexPlanKind.BinaryFlat };
        }
        if (kind == IndexPlanKind.Ivf) return plan with { Ivf = IvfPlans.Resolve(index, field) };
        if (kind == IndexPlanKind.DiskGraph) return plan with { Disk = DiskPlans.Resolve(index) };
        if (kind != IndexPlanKind.Hnsw) return plan;
        var degree = index.Whole("graph_degree") ?? index.Whole("svs_graph_max_degree");
        return plan with
        {
            M = index.Whole("M") ?? (degree is { } d ? Math.Clamp(d / 2, 4, 64) : IsHnsw(index) ? plan.M : 28),
            EfConstruction = index.Whole("efConstruction") ?? index.Whole("svs_construction_window_size") ?? (IsHnsw(index) ? plan.EfConstruction : 240),
            RowCodes = GraphCodePlans.Resolve(index, field),
        };
    }

    private static IndexPlan Auto(MetricType metric, FieldSchema field) => field.Type switch
    {
        DataType.SparseFloatVector => new(IndexPlanKind.SparseInverted, metric),
        DataType.BinaryVector when metric is MetricType.Hamming or MetricType.Jaccard => new(IndexPlanKind.Hnsw, metric) { M = 18, EfConstruction = 240 },
        DataType.BinaryVector => new(IndexPlanKind.BinaryFlat, metric),
        // 16 links above make the 32 on the lowest layer for which there are codes of neighbours.
        _ => new(IndexPlanKind.Hnsw, metric) { M = 16, EfConstruction = 128, Codes = GraphCodes.Signs },
    };

    private static bool IsHnsw(IndexInfo index) => index.IndexType.StartsWith("HNSW", StringComparison.Ordinal);
}
