using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Memory;

/// <summary>An index and where its vectors are.</summary>
/// <param name="Build">Null for an empty process.</param>
internal sealed record Kind(string Name, bool IsMapped, Func<VectorStore, VectorIndex>? Build)
{
    public GraphCodes MostCodes { get; init; } = GraphCodes.Signs;

    /// <summary>Links, codes and lists are in a mapped file, too.</summary>
    public bool IsIndexMapped { get; init; }

    public VectorSearchParameters Search { get; init; } = new(10) { Ef = 100, Nprobe = 16 };
}

internal static class Kinds
{
    public static Kind Nothing { get; } = new("nothing", true, null);

    public static IReadOnlyList<Kind> All { get; } =
    [
        new("FLAT", false, Flat),
        new("FLAT, mmap", true, Flat),
        new("HNSW", false, s => Graph(s, GraphCodes.Bytes, null)),
        new("HNSW, mmap", true, s => Graph(s, GraphCodes.Bytes, null)),
        new("AUTOINDEX", true, s => Graph(s, GraphCodes.Signs, null)),
        new("AUTOINDEX, little memory", true, s => Graph(s, GraphCodes.Signs, null)) { MostCodes = GraphCodes.Bytes },
        new("HNSW_SQ SQ8", true, s => Graph(s, GraphCodes.Bytes, null)),
        new("HNSW_SQ SQ8, mmap", true, s => Graph(s, GraphCodes.Bytes, null)) { IsIndexMapped = true },
        new("HNSW_SQ SQ6", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar6))),
        new("HNSW_SQ SQ6, mmap", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar6))) { IsIndexMapped = true },
        new("HNSW_SQ SQ6, refined", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar6) { Refinement = RowCoding.Exact })) { Search = Refined(2) },
        new("HNSW_SQ SQ4U", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar4))),
        new("HNSW_SQ SQ4U, refined", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Scalar4) { Refinement = RowCoding.Exact })) { Search = Refined(4) },
        new("HNSW_SQ FP16", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Float16))),
        new("HNSW_PQ m 96", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Product) { Parts = 96, Bits = 8 })),
        new("HNSW_PQ m 96, refined", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Product) { Parts = 96, Bits = 8, Refinement = RowCoding.Exact })) { Search = Refined(8) },
        new("HNSW_PRQ m 32 nrq 2", true, s => Graph(s, GraphCodes.None, new RowCodeParameters(RowCoding.Product) { Parts = 32, Stages = 2, Bits = 8, Refinement = RowCoding.Exact })) { Search = Refined(8) },
        new("IVF_FLAT", false, s => Lists(s, IvfCoding.Raw, 8)),
        new("IVF_SQ8", true, s => Lists(s, IvfCoding.Scalar, 8)),
        new("IVF_SQ8, mmap", true, s => Lists(s, IvfCoding.Scalar, 8)) { IsIndexMapped = true },
        new("IVF_RABITQ", true, s => Lists(s, IvfCoding.RaBitQ, 1)),
    ];

    public static Kind Find(string name) => name == Nothing.Name ? Nothing : All.FirstOrDefault(k => k.Name == name) ?? throw new ArgumentException($"no index {name}");

    private static VectorSearchParameters Refined(float factor) => new(10) { Ef = 100, RefineFactor = factor };

    private static VectorIndex Flat(VectorStore store) => new FlatIndex(store, MetricType.L2, store.Count, keepsCodes: true);

    private static VectorIndex Graph(VectorStore store, GraphCodes codes, RowCodeParameters? rows) => HnswBuilder.Build(
        store, MetricType.L2, new HnswParameters { M = 16, EfConstruction = 128, Codes = codes, RowCodes = rows, Threads = Environment.ProcessorCount });

    private static VectorIndex Lists(VectorStore store, IvfCoding coding, int bits) => IvfBuilder.Build(
        store, MetricType.L2, new IvfParameters { Lists = 256, Coding = coding, Bits = bits, Threads = Environment.ProcessorCount });
}
