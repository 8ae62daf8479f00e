using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>How the index of one field of a segment is built.</summary>
/// <param name="FieldId">A vector field, or a scalar one with <see cref="SegmentIndexPlan.Scalar"/>.</param>
/// <param name="IndexId">The catalogue's index that it is built for.</param>
/// <param name="Kind">What is really built: one of the constants.</param>
/// <param name="Metric">The index's metric.</param>
public sealed record SegmentIndexPlan(long FieldId, long IndexId, string Kind, MetricType Metric)
{
    public const string Flat = "FLAT";
    public const string Hnsw = "HNSW";

    /// <summary>A graph whose file holds the codes that it is searched by.</summary>
    public const string HnswCodes = "HNSW_CODES";

    /// <summary>A graph whose file holds byte codes of the rows; codes of neighbours may be made of them. What <see cref="Hnsw"/> builds when it makes such codes.</summary>
    public const string HnswBytes = "HNSW_BYTES";

    public const string Ivf = "IVF";
    public const string MinHash = "MINHASH_LSH";
    public const string DiskGraph = "DISKANN";

    /// <summary>A graph on disk with codes beside its links; what <see cref="DiskGraph"/> builds when its parameters say so.</summary>
    public const string AllOnDisk = "AISAQ";
    public const string SparseInverted = "SPARSE_INVERTED_INDEX";

    /// <summary>What is built over a scalar field; null for vector fields.</summary>
    public ScalarIndexSpec? Scalar { get; init; }

    /// <summary>The plan of a scalar index.</summary>
    public static SegmentIndexPlan Of(long fieldId, long indexId, ScalarIndexSpec spec) => new(fieldId, indexId, spec.KindName, MetricType.None) { Scalar = spec };

    /// <summary>Degree, beam width and threads; used by HNSW.</summary>
    public HnswParameters HnswParameters { get; init; } = new();

    /// <summary>Elements and bands; used by indexes of MinHash signatures.</summary>
    public MinHashParameters MinHashParameters { get; init; } = new();

    /// <summary>Degree, budgets and threads; used by graphs on disk.</summary>
    public DiskGraphParameters DiskParameters { get; init; } = new();

    /// <summary>Lists, coding and threads; used by inverted files.</summary>
    public IvfParameters IvfParameters { get; init; } = new();
}

/// <summary>Builds indexes of sealed segments and writes them to object storage.</summary>
public static class IndexWriter
{
    /// <summary>
    /// Builds on the calling thread (and as many more as the plan says), then writes. A field that the segment does not store, or a
    /// segment without rows, gets no index.
    /// </summary>
    /// <returns>The segment with the index attached; its manifest is what is to be committed.</returns>
    /// <exception cref="ArgumentException">The kind is not known, or does not fit the field or the metric.</exception>
    public static async Task<SealedSegment> BuildAsync(
        SealedSegment segment, SegmentIndexPlan plan, IObjectStore store, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        if (segment.RowCount == 0) return segment;
        if (plan.Scalar is { } spec) return await BuildScalarAsync(segment, plan, spec, store, cancellationToken).ConfigureAwait(false);
        if (plan.Kind == SegmentIndexPlan.SparseInverted)
        {
            if (segment.FindSparse(plan.FieldId) is not { } sparse) return segment;
            var inverted = SparseInvertedIndexBuilder.Build(sparse.Store, plan.Metric);
            var invertedFile = await WriteAsync(segment, plan, store, stream => SparseIndexFile.Save(inverted, stream), cancellationToken).ConfigureAwait(false);
            return await AttachAsync(segment, new AttachedIndex(invertedFile, null, inverted), store, cancellationToken).ConfigureAwait(false);
        }

        // Of lists of vectors every element is a row of the index.
        if ((segment.FindVectors(plan.FieldId)?.Store ?? segment.FindVectorArrays(plan.FieldId)?.Store) is not { } vectors) return segment;
        // Where every row is null there is nothing to link.
        if (vectors.Count == 0 && plan.Kind != SegmentIndexPlan.MinHash) plan = plan with { Kind = SegmentIndexPlan.Flat };
        // Elements of lists are few per segment beside what a graph on disk is for.
        if (plan.Kind == SegmentIndexPlan.DiskGraph && segment.FindVectors(plan.FieldId) is null) plan = plan with { Kind = SegmentIndexPlan.Hnsw };
        if (plan.Kind == SegmentIndexPlan.DiskGraph)
        {
            var onDisk = DiskGraphBuilder.Build(vectors, plan.Metric, plan.DiskParameters, progress, cancellationToken);
            var kind = plan.DiskParameters.InlineCodes ? SegmentIndexPlan.AllOnDisk : SegmentIndexPlan.DiskGraph;
            var written = await WriteAsync(segment, plan with { Kind = kind }, store, onDisk.Save, cancellationToken).ConfigureAwait(false);
            return await segment.WithStoredIndexAsync(written, store, cancellationToken).ConfigureAwait(false);
        }

        VectorIndex index = plan.Kind switch
        {
            SegmentIndexPlan.Flat => new FlatIndex(vectors, plan.Metric, vectors.Count, keepsCodes: true),
            SegmentIndexPlan.Hnsw or SegmentIndexPlan.HnswCodes => HnswBuilder.Build(vectors, plan.Metric, plan.HnswParameters, progress, cancellationToken),
            SegmentIndexPlan.MinHash => MinHashIndex.Build(vectors, plan.MinHashParameters, cancellationToken),
            SegmentIndexPlan.Ivf => IvfBuilder.Build(vectors, plan.Metric, plan.IvfParameters, progress, cancellationToken),
            _ => throw new ArgumentException($"no index of kind {plan.Kind}", nameof(plan)),
        };
        if (index is HnswIndex { HasByteCodes: true }) plan = plan with { Kind = SegmentIndexPlan.HnswBytes };
        var file = await WriteAsync(segment, plan, store, stream => VectorIndexFile.Save(index, stream), cancellationToken).ConfigureAwait(false);
        // The file keeps what the index was made for; the memory of who loads it decides what is held.
        if (index is HnswIndex graph) index = graph.Within(segment.Placement.Of(plan.FieldId).MostCodes);
        return await AttachAsync(segment, new AttachedIndex(file, index, null), store, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>With the index as it was built, or as it will be after the next start, where that is in its file.</summary>
    private static async Task<SealedSegment> AttachAsync(SealedSegment segment, AttachedIndex built, IObjectStore store, CancellationToken cancellationToken) =>
        segment.Placement.Of(built.File.FieldId).IsIndexMapped
            ? await segment.WithStoredIndexAsync(built.File, store, cancellationToken).ConfigureAwait(false)
            : segment.WithIndex(built);

    private static async Task<SealedSegment> BuildScalarAsync(
        SealedSegment segment, SegmentIndexPlan plan, ScalarIndexSpec spec, IObjectStore store, CancellationToken cancellationToken)
    {
        if (segment.Schema.Find(plan.FieldId) is not { } field || segment.Manifest.Columns.All(c => c.FieldId != plan.FieldId)) return segment;
        var builder = new ScalarIndexBuilder(spec);
        for (var block = 0; block < segment.BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            builder.Add(segment.ReadBlock(field, block, segment.RowCount));
        }
        var index = builder.Build();
        // Which kind suits the values may show only while it is built.
        var file = await WriteAsync(segment, plan with { Kind = index.Spec.KindName }, store, stream => ScalarIndexFile.Save(index, stream), cancellationToken).ConfigureAwait(false);
        return segment.WithIndex(file, index);
    }

    private static async Task<SegmentIndexFile> WriteAsync(
        SealedSegment segment, SegmentIndexPlan plan, IObjectStore store, Action<Stream> save, CancellationToken cancellationToken)
    {
        var manifest = segment.Manifest;
        var key = SegmentKeys.Index(manifest.CollectionId, manifest.PartitionId, manifest.SegmentId, plan.FieldId, plan.IndexId);
        await store.PutAsync(
            key,
            (stream, _) =>
            {
                save(stream);
                return Task.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
        var bytes = await store.GetLengthAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ObjectNotFoundException(key);
        return new SegmentIndexFile(plan.FieldId, plan.IndexId, plan.Kind, key, bytes);
    }
}
