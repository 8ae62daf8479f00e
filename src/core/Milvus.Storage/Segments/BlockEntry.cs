namespace Milvus.Storage.Segments;

/// <summary>Where a block lies in its file. A block without nulls has no validity words.</summary>
internal readonly record struct BlockEntry(
    long Offset,
    long Length,
    uint Checksum,
    long ValidityOffset,
    int ValidityLength,
    uint ValidityChecksum);
