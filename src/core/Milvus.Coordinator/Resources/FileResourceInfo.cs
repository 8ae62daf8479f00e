namespace Milvus.Coordinator.Resources;

/// <summary>A file of words that analyzer parameters may name.</summary>
/// <param name="Path">Its key in the storage that imports read from.</param>
public sealed record FileResourceInfo(long Id, string Name, string Path);
