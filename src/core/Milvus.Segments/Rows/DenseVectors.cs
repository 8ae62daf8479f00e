using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>The dense vectors of one field of a segment.</summary>
/// <param name="Store">Row r in place r, unless there are slots; at least the segment's rows.</param>
/// <param name="Valid">Without slots: the bits of rows that have a vector, others hold zeros; null when all have. Not to be written to.</param>
/// <param name="Slots">Where the rows' vectors are, when rows without one take no place.</param>
internal readonly record struct DenseVectors(VectorStore Store, ulong[]? Valid, VectorSlots? Slots);
