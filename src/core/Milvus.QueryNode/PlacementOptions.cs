namespace Milvus.QueryNode;

/// <summary>What happens to the vectors of sealed segments where no property of collection, field or index says it.</summary>
public enum MappingMode
{
    /// <summary>In files for indexes that are searched by codes of their own, in memory for others.</summary>
    Auto,

    /// <summary>In files.</summary>
    Always,

    /// <summary>In memory.</summary>
    Never,
}

/// <summary>How segments are placed between memory and local files.</summary>
/// <param name="Mapping">The default where <c>mmap.enabled</c> is not set.</param>
/// <param name="CopyDirectory">
/// Directory, on a disk, for copies of vectors that cannot be mapped where they are stored; null holds those in memory.
/// </param>
public sealed record PlacementOptions(MappingMode Mapping = MappingMode.Auto, string? CopyDirectory = null)
{
    public static PlacementOptions Default { get; } = new();
}
