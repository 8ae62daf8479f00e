using Milvus.Coordinator.Indexes;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.Vectors;

namespace Milvus.DataNode;

/// <param name="MinRows">Segments with fewer rows are searched exactly and get no index file.</param>
/// <param name="Threads">Threads that build one index.</param>
public sealed record IndexBuildOptions(int MinRows, int Threads)
{
    /// <summary>Memory that is left for loaded segments: with little of it AUTOINDEX builds a graph on disk.</summary>
    public long AvailableBytes { get; init; } = long.MaxValue;
}

/// <summary>Decides which indexes a sealed segment lacks, and builds them. Nothing here commits.</summary>
public static class IndexBuilder
{
    /// <summary>How the index is to be built over the segment; null when it has it, or when exact search serves.</summary>
    public static SegmentIndexPlan? Needs(SegmentManifest manifest, IndexInfo index, CollectionSchema schema, IndexBuildOptions options)
    {
        if (manifest.RowCount < options.MinRows) return null;
        foreach (var f in manifest.Indexes)
            if (f.FieldId == index.FieldId && f.IndexId == index.Id) return null;
        if (schema.Find(index.FieldId) is not { } field) return null;
        if (!manifest.Columns.Any(c => c.FieldId == field.Id)) return null;
        if (!field.Type.IsVector()) return ScalarIndexPlans.Resolve(index, field) is { } spec ? SegmentIndexPlan.Of(field.Id, index.Id, spec) : null;
        var resolved = Within(options.AvailableBytes, IndexPlan.Resolve(index, field), field, manifest.RowCount);
        return resolved.Kind switch
        {
            IndexPlanKind.Hnsw => new SegmentIndexPlan(field.Id, index.Id, resolved.RowCodes is null ? SegmentIndexPlan.Hnsw : SegmentIndexPlan.HnswCodes, resolved.Metric)
            {
                HnswParameters = new HnswParameters
                {
                    M = resolved.M,
                    EfConstruction = resolved.EfConstruction,
                    Threads = options.Threads,
                    Codes = resolved.Codes,
                    RowCodes = resolved.RowCodes,
                },
            },
            IndexPlanKind.SparseInverted => new SegmentIndexPlan(field.Id, index.Id, SegmentIndexPlan.SparseInverted, resolved.Metric),
            IndexPlanKind.Ivf => new SegmentIndexPlan(field.Id, index.Id, SegmentIndexPlan.Ivf, resolved.Metric)
            {
                IvfParameters = resolved.Ivf! with { Threads = options.Threads },
            },
            IndexPlanKind.DiskGraph => new SegmentIndexPlan(field.Id, index.Id, SegmentIndexPlan.DiskGraph, resolved.Metric)
            {
                DiskParameters = resolved.Disk! with { Threads = options.Threads },
            },
            IndexPlanKind.MinHash => new SegmentIndexPlan(field.Id, index.Id, SegmentIndexPlan.MinHash, resolved.Metric) { MinHashParameters = resolved.MinHash! },
            // Exact search needs no file.
            _ => null,
        };
    }

    /// <summary>AUTOINDEX over dense vectors leaves the graph on disk where its codes would not fit into memory.</summary>
    private static IndexPlan Within(long availableBytes, IndexPlan plan, FieldSchema field, int rows) =>
        plan is { IsAutomatic: true, Kind: IndexPlanKind.Hnsw } && field.Type.IsDenseVector() && field.Type != DataType.BinaryVector
        && AutoIndexPolicy.Pick(field.Type, field.Dimension, rows, availableBytes, mayUseDisk: true) == AutoIndexForm.Disk
            ? plan with { Kind = IndexPlanKind.DiskGraph, Disk = new DiskGraphParameters() }
            : plan;

    /// <summary>
    /// Builds one index and writes its file, which is to be protected from the garbage collector until it is committed.
    /// </summary>
    /// <param name="present">The segment when it is in memory already; null reads it.</param>
    /// <returns>The segment with the index attached.</returns>
    /// <exception cref="IntegrityException">An object of the segment is missing or damaged.</exception>
    public static async Task<SealedSegment> BuildAsync(
        SegmentManifest manifest, CollectionInfo collection, SegmentIndexPlan plan, IObjectStore objects, SealedSegment? present = null, CancellationToken cancellation = default)
    {
        var segment = present ?? await new SealedSegmentReader(objects).LoadAsync(manifest, collection, [], cancellation).ConfigureAwait(false);
        return await IndexWriter.BuildAsync(segment, plan, objects, cancellationToken: cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Builds all that the catalogue asks for over a segment that is not committed yet, so that it takes over from indexed ones without a time
    /// of exact search; returns its manifest with the index files.
    /// </summary>
    public static async Task<SegmentManifest> BuildAllAsync(
        SegmentManifest manifest, CollectionInfo collection, IndexBuildOptions options, IObjectStore objects, CancellationToken cancellation)
    {
        SealedSegment? segment = null;
        foreach (var index in collection.Indexes)
            if (Needs(manifest, index, collection.Schema, options) is { } plan) segment = await BuildAsync(manifest, collection, plan, objects, segment, cancellation).ConfigureAwait(false);
        return segment?.Manifest ?? manifest;
    }

    /// <summary>The commit that gives a segment the index file; null when the segment or the index is gone by now: then the file is garbage.</summary>
    /// <param name="current">The segment's manifest at present.</param>
    public static SegmentChange? Attach(SegmentManifest? current, CollectionInfo collection, SegmentIndexFile file)
    {
        if (current is null || !collection.Indexes.Any(i => i.Id == file.IndexId)) return null;
        return new SegmentChange
        {
            CollectionId = current.CollectionId,
            Replaced = [current.WithIndex(file)],
        };
    }
}
