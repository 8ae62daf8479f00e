using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Vectors;

namespace Milvus.QueryNode;

/// <summary>Decides what of a sealed segment is in memory while it is loaded.</summary>
public static class SegmentPlacements
{
    private const string MmapEnabled = "mmap.enabled";
    private const string Automatic = "AUTOINDEX";

    /// <summary>Vectors of fewer bytes are held in memory unless somebody asks otherwise: a mapping costs more than it spares.</summary>
    private const long LeastBytes = 1 << 20;

    /// <summary>Index types that keep codes of the vectors and look at the vectors themselves for the last few rows only.</summary>
    private static readonly ImmutableHashSet<string> s_coded = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        Automatic, "HNSW_SQ", "HNSW_PQ", "HNSW_PRQ", "IVF_SQ8", "IVF_PQ", "IVF_RABITQ", "IVF_RABITQ_FASTSCAN", "DISKANN", "AISAQ");

    /// <summary>
    /// The placement of a segment. What <c>mmap.enabled</c> of the index says counts before what the field says, that before the
    /// collection, and that before <paramref name="options"/>.
    /// </summary>
    /// <param name="availableBytes">Memory that is left; with little of it AUTOINDEX keeps smaller codes.</param>
    public static SegmentPlacement Resolve(SegmentManifest manifest, CollectionInfo collection, PlacementOptions options, long availableBytes)
    {
        var fields = ImmutableDictionary.CreateBuilder<long, FieldPlacement>();
        foreach (var field in collection.Schema.Fields)
        {
            if (!field.Type.IsVector()) continue;
            var index = collection.FindIndexOnField(field.Id);
            var asked = Asked(collection, field, index) ?? OutOfMemory(index);
            var isVectorMapped = field.Type != DataType.SparseFloatVector && (asked ?? IsMapped(manifest, field, index, options));
            fields[field.Id] = new FieldPlacement(isVectorMapped, Codes(manifest, field, index, availableBytes))
            {
                // Links and codes are what every search goes through: out of memory only when somebody says so.
                IsIndexMapped = asked ?? options.Mapping == MappingMode.Always,
            };
        }
        return new SegmentPlacement { Fields = fields.ToImmutable(), CopyDirectory = options.CopyDirectory };
    }

    private static bool? Asked(CollectionInfo collection, FieldSchema field, IndexInfo? index) =>
        (index?.BuildParams.GetValueOrDefault(MmapEnabled) ?? field.Param(MmapEnabled) ?? collection.Property(MmapEnabled)) is { } asked
            ? string.Equals(asked, "true", StringComparison.OrdinalIgnoreCase)
            : null;

    /// <summary>What indexes of signatures call their own placement.</summary>
    private static bool? OutOfMemory(IndexInfo? index) => index?.BuildParams.GetValueOrDefault("mh_lsh_code_in_mem") is "false" or "0" ? true : null;

    private static bool IsMapped(SegmentManifest manifest, FieldSchema field, IndexInfo? index, PlacementOptions options)
    {
        if (options.Mapping != MappingMode.Auto) return options.Mapping == MappingMode.Always;
        return index is not null && s_coded.Contains(index.IndexType) && field.Type.IsDenseVector() && field.Type != DataType.BinaryVector
            && manifest.RowCount * (long)field.Type.VectorBytes(field.Dimension) >= LeastBytes;
    }

    private static GraphCodes Codes(SegmentManifest manifest, FieldSchema field, IndexInfo? index, long availableBytes)
    {
        if (index?.IndexType != Automatic || !field.Type.IsDenseVector()) return GraphCodes.Bytes;
        var form = AutoIndexPolicy.Pick(field.Type, field.Dimension, manifest.RowCount, availableBytes, mayUseDisk: false);
        return AutoIndexPolicy.CodesOf(form);
    }
}
