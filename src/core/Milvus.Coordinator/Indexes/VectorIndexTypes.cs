using System.Collections.Frozen;
using System.Collections.Immutable;
using Milvus.Model;
using static Milvus.Coordinator.Indexes.ParamSpec;

namespace Milvus.Coordinator.Indexes;

/// <summary>A kind of vector index clients may ask for.</summary>
internal sealed record VectorIndexType(string Name, ImmutableArray<DataType> DataTypes, ImmutableArray<MetricType> Metrics)
{
    public ImmutableArray<ParamSpec> BuildParams { get; init; } = [];

    public ImmutableArray<ParamSpec> SearchParams { get; init; } = [];

    /// <summary>What this server builds for it.</summary>
    public IndexPlanKind Plan { get; init; } = IndexPlanKind.Flat;

    /// <summary>The parameter that bounds the candidates of a search and must not be below k: ef, search_list, reorder_k.</summary>
    public string? CandidateParam { get; init; }
}

/// <summary>Milvus' vector index types with the parameter ranges its engine declares.</summary>
internal static class VectorIndexTypes
{
    public const string Auto = "AUTOINDEX";

    private const DataType F = DataType.FloatVector, H = DataType.Float16Vector, B = DataType.BFloat16Vector, I = DataType.Int8Vector, Y = DataType.BinaryVector, S = DataType.SparseFloatVector;

    private static readonly ImmutableArray<DataType> Floats = [F, H, B];
    private static readonly ImmutableArray<DataType> FloatsAndInt8 = [F, H, B, I];
    private static readonly ImmutableArray<MetricType> DenseMetrics = [MetricType.L2, MetricType.IP, MetricType.Cosine];
    private static readonly ImmutableArray<MetricType> SparseMetrics = [MetricType.IP, MetricType.BM25];
    private static readonly ImmutableArray<MetricType> BitMetrics = [MetricType.Hamming, MetricType.Jaccard];

    private static readonly ImmutableArray<string> Refinements = ["SQ6", "SQ8", "FP16", "BF16", "FP32", "FLAT"];
    private static readonly ImmutableArray<string> RefinementsAndSq4 = ["SQ4U", .. Refinements];

    private static readonly ParamSpec Nlist = Int("nlist", 1, 65536);
    private static readonly ParamSpec Nprobe = Int("nprobe", 1, 65536);
    private static readonly ParamSpec RefineK = Float("refine_k", 1);
    private static readonly ParamSpec Ef = Int("ef", 1);
    private static readonly ImmutableArray<ParamSpec> IvfSearch = [Nprobe, Int("max_empty_result_buckets", 0, 65536), RefineK];
    private static readonly ImmutableArray<ParamSpec> HnswSearch = [Ef, RefineK];
    private static readonly ImmutableArray<ParamSpec> HnswBuild = [Int("M", 2, 2048), Int("efConstruction", 1)];
    // Of the others a server puts its own in the place of whatever is given: values without a meaning are no mistakes, see DiskPlans.
    private static readonly ImmutableArray<ParamSpec> DiskBuild = [Float("pq_code_budget_gb", 0), Float("search_cache_budget_gb", 0)];
    private static readonly ImmutableArray<ParamSpec> SvsBuild =
        [Int("svs_graph_max_degree", 4, 256), Int("svs_construction_window_size", 1, 10000), Int("svs_leanvec_dim", 0)];
    private static readonly ImmutableArray<ParamSpec> FaissSearch = [Number("nprobe"), Number("efSearch"), Number("k_factor")];
    private static readonly ImmutableArray<ParamSpec> SvsSearch = [Int("svs_search_window_size", 1, 10000), Int("svs_search_buffer_capacity", 1, 10000)];

    private static readonly ImmutableArray<string> SparseAlgorithms = ["TAAT_NAIVE", "DAAT_WAND", "DAAT_MAXSCORE", "BLOCK_MAX_MAXSCORE", "BLOCK_MAX_WAND", "SINDI"];

    private static readonly ImmutableArray<string> SparseCodecs = ["block_streamvbyte", "block_maskedvbyte"];

    private static readonly ImmutableArray<ParamSpec> SparseBuild =
    [
        Choice("inverted_index_algo", SparseAlgorithms, v => $"sparse inverted index algo {v} not found or not supported, supported: [{string.Join(" ", SparseAlgorithms)}]"),
        Float("drop_ratio_build", 0, 1, maxExclusive: true), Float("bm25_k1", 0, 3), Float("bm25_b", 0, 1),
        Choice("inverted_index_codec", SparseCodecs, v => $"inverted_index_codec {v} not found or not supported, supported: [{string.Join(" ", SparseCodecs)}]"),
        Int("block_max_block_size", 1), Int("sindi_window_size", 1024, 65535),
    ];

    private static readonly ImmutableArray<ParamSpec> SparseSearch =
    [
        Float("drop_ratio_search", 0, 1, maxExclusive: true), Float("dim_max_score_ratio", 0.5, 1.3),
        Choice("search_algo", SparseAlgorithms, v => $"sparse inverted index algo {v} not found or not supported, supported: [{string.Join(" ", SparseAlgorithms)}]"),
    ];

    private static readonly FrozenDictionary<string, VectorIndexType> All = new VectorIndexType[]
    {
        new("FLAT", Floats, DenseMetrics),
        Ivf("IVF_FLAT"),
        // Segments do not change once they are indexed, so that the kind for concurrent inserts is the plain one.
        Ivf("IVF_FLAT_CC"),
        Ivf("IVF_SQ8", [Quantizer("sq_type", "SQ4", "SQ6", "SQ8"), .. Refine(Refinements)]),
        Ivf("IVF_PQ", [Int("m", 1, 65536, required: true), Int("nbits", 1, 24), .. Refine(Refinements)]),
        Ivf("IVF_RABITQ", [Int("rbq_bits", 1, 9), .. Refine(Refinements)]) with { SearchParams = [.. IvfSearch, Int("rbq_bits_query", 0, 8)] },
        Ivf("IVF_RABITQ_FASTSCAN", Refine(Refinements)),
        Ivf("SCANN", [Bool("with_raw_data"), Int("sub_dim", 1, 65536)]) with { SearchParams = [Nprobe, Int("reorder_k", 1)], CandidateParam = "reorder_k" },
        Hnsw("HNSW", [F, H, B, I, Y]) with { Metrics = [.. DenseMetrics, .. BitMetrics] },
        Hnsw("HNSW_SQ", FloatsAndInt8, [Quantizer("sq_type", "SQ4U", "SQ6", "SQ8", "BF16", "FP16"), .. Refine(RefinementsAndSq4)]),
        Hnsw("HNSW_PQ", FloatsAndInt8, [Int("m", 1, 65536), Int("nbits", 1, 24), .. Refine(RefinementsAndSq4)]),
        Hnsw("HNSW_PRQ", FloatsAndInt8, [Int("m", 1, 65536), Int("nrq", 1, 16), Int("nbits", 1, 24), .. Refine(Refinements)]),
        Graph("DISKANN", Floats, DiskBuild, [Int("search_list", 1), Int("search_list_size", 1), Int("beamwidth", 1, 128)], "search_list") with { Plan = IndexPlanKind.DiskGraph },
        Graph("AISAQ", Floats,
            [.. DiskBuild, Int("inline_pq", -1, 2048), Bool("rearrange"), Int("num_entry_points", 0, 1000), Int("pq_cache_size", 0)],
            [Int("search_list", 1), Int("search_list_size", 1), Int("beamwidth", 1, 16), Int("vectors_beamwidth", 1, 4)], "search_list") with { Plan = IndexPlanKind.DiskGraph },
        new("FAISS", [F, Y], [.. DenseMetrics, .. BitMetrics]) { BuildParams = [ParamSpec.Text("faiss_index_name", required: true)], SearchParams = FaissSearch },
        new("SVS_FLAT", Floats, DenseMetrics) { BuildParams = SvsBuild, SearchParams = SvsSearch },
        Graph("SVS_VAMANA", Floats, SvsBuild, SvsSearch),
        Graph("SVS_VAMANA_LVQ", Floats, SvsBuild, SvsSearch),
        Graph("SVS_VAMANA_LEANVEC", Floats, SvsBuild, SvsSearch),
        new("BIN_FLAT", [Y], [.. BitMetrics, MetricType.Substructure, MetricType.Superstructure, MetricType.MinHashJaccard]),
        new("BIN_IVF_FLAT", [Y], BitMetrics) { BuildParams = [Nlist], SearchParams = IvfSearch, Plan = IndexPlanKind.Ivf },
        new("MINHASH_LSH", [Y], [MetricType.MinHashJaccard])
        {
            Plan = IndexPlanKind.MinHash,
            BuildParams =
            [
                Int("mh_element_bit_width", 8, 256), Int("mh_lsh_band", 1), Choice("mh_lsh_code_in_mem", ["true", "false", "1", "0"], v => $"invalid value '{v}' of param 'mh_lsh_code_in_mem': should be a boolean"), Bool("with_raw_data"),
                Float("mh_lsh_bloom_false_positive_prob", 0, 1),
            ],
            SearchParams = [Bool("mh_search_with_jaccard"), Int("refine_k", 1), Bool("mh_lsh_batch_search")],
        },
        new("SPARSE_INVERTED_INDEX", [S], SparseMetrics) { BuildParams = SparseBuild, SearchParams = SparseSearch, Plan = IndexPlanKind.SparseInverted },
        new("SPARSE_WAND", [S], SparseMetrics) { BuildParams = SparseBuild, SearchParams = SparseSearch, Plan = IndexPlanKind.SparseInverted },
        new("GPU_BRUTE_FORCE", [F, H], DenseMetrics),
        Ivf("GPU_IVF_FLAT") with { DataTypes = [F, H] },
        Ivf("GPU_IVF_PQ", [Int("m", 1, 65536), Int("nbits", 1, 24)]) with { DataTypes = [F, H] },
        Graph("GPU_CAGRA", [F, H, I],
            [Int("intermediate_graph_degree", 1), Int("graph_degree", 1), Bool("cache_dataset_on_device"), Bool("adapt_for_cpu")],
            [Int("itopk_size", 1), Int("search_width", 1), Int("min_iterations", 0), Int("max_iterations", 0), Int("team_size", 0, 32), Ef]),
    }.ToFrozenDictionary(t => t.Name, StringComparer.OrdinalIgnoreCase);

    public static VectorIndexType? Find(string name) => All.GetValueOrDefault(name);

    public static bool IsAuto(string name) => name.Equals(Auto, StringComparison.OrdinalIgnoreCase);

    /// <summary>Types by which lists of vectors are compared too.</summary>
    public static bool TakesLists(this VectorIndexType type) => type.Name is "IVF_FLAT" or "IVF_FLAT_CC" or "HNSW" or "HNSW_SQ" or "HNSW_PQ" or "HNSW_PRQ" or "DISKANN";

    /// <summary>The metric AUTOINDEX takes when the client names none.</summary>
    public static MetricType DefaultMetric(FieldSchema field) => field.Type switch
    {
        DataType.SparseFloatVector => field.IsFunctionOutput ? MetricType.BM25 : MetricType.IP,
        DataType.BinaryVector => MetricType.Hamming,
        DataType.ArrayOfVector => field.ElementType == DataType.BinaryVector ? MetricType.MaxSimHamming : MetricType.MaxSimCosine,
        _ => MetricType.Cosine,
    };

    private static VectorIndexType Ivf(string name, params ReadOnlySpan<ParamSpec> more) =>
        new(name, Floats, DenseMetrics) { BuildParams = [Nlist, .. more], SearchParams = IvfSearch, Plan = IndexPlanKind.Ivf };

    private static VectorIndexType Hnsw(string name, ImmutableArray<DataType> types, params ReadOnlySpan<ParamSpec> more) =>
        Graph(name, types, [.. HnswBuild, .. more], HnswSearch, "ef");

    private static VectorIndexType Graph(string name, ImmutableArray<DataType> types, ImmutableArray<ParamSpec> build, ImmutableArray<ParamSpec> search, string? candidates = null) =>
        new(name, types, DenseMetrics) { BuildParams = build, SearchParams = search, Plan = IndexPlanKind.Hnsw, CandidateParam = candidates };

    private static ParamSpec[] Refine(ImmutableArray<string> types) =>
    [
        Bool("refine"),
        Choice("refine_type", types, v => $"invalid refine type : {v}, optional types are [{string.Join(", ", types).ToLowerInvariant()}]"),
    ];

    private static ParamSpec Quantizer(string name, params ImmutableArray<string> types) => Choice(name, types, _ => "invalid scalar quantizer type");

    private static ParamSpec Number(string name) => new(name, ParamKind.Number) { Min = 1, Max = int.MaxValue };

    private static ParamSpec Choice(string name, ImmutableArray<string> choices, Func<string, string> error) =>
        new(name, ParamKind.Choice) { Choices = choices, ChoiceError = error };
}
