using System.Globalization;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>Where the objects of sealed segments live. Frozen: manifests name these keys.</summary>
public static class SegmentKeys
{
    /// <summary>The prefix of every segment object; garbage collection compares what is below it with the manifests.</summary>
    public const string Root = "segments/";

    public static string Collection(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/");

    public static string Partition(long collectionId, long partitionId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/");

    public static string Segment(long collectionId, long partitionId, long segmentId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/");

    /// <summary>The column file of one field; system columns use their <see cref="FieldIds"/>.</summary>
    public static string Column(long collectionId, long partitionId, long segmentId, long fieldId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/{fieldId}.col");

    /// <summary>The file of one index over one field.</summary>
    public static string Index(long collectionId, long partitionId, long segmentId, long fieldId, long indexId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/{fieldId}-{indexId}.idx");
}
