using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of an index, without its vectors: a versioned header, then the graph in blocks of at most 1 MiB, each with a
/// chained CRC-32C. Streams; no second copy of the graph is held.
/// </summary>
public static class VectorIndexFile
{
    /// <summary>Writes an index.</summary>
    public static void Save(VectorIndex index, Stream target) => throw new NotImplementedException();

    /// <summary>Reads an index over the vectors it was built on.</summary>
    /// <param name="source">The bytes written by <see cref="Save"/>.</param>
    /// <param name="store">The same rows in the same order.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <exception cref="IntegrityException">Truncated, altered, of an unknown version, or not made for this store.</exception>
    public static VectorIndex Load(Stream source, VectorStore store, string sourceName) => throw new NotImplementedException();
}
