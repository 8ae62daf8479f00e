using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>The sparse vectors of one field of a segment.</summary>
/// <param name="Store">At least the segment's rows; rows without a vector are empty.</param>
/// <param name="Valid">The bits of rows that have a vector; null when all have. Not to be written to.</param>
/// <param name="Chunks">Searches the rows while no index over all of them is attached.</param>
internal readonly record struct SparseVectors(SparseRowStore Store, ulong[]? Valid, ChunkedSparseIndex Chunks);
