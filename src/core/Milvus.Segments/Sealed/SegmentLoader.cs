using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>Reads sealed segments from object storage.</summary>
internal static class SegmentLoader
{
    public static Task<SealedSegment> LoadAsync(SegmentManifest manifest, CollectionSchema schema, IObjectStore store, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    public static long EstimateMemory(SegmentManifest manifest, CollectionSchema schema) => throw new NotImplementedException();
}
