namespace Milvus.Vectors;

/// <summary>What a <see cref="CodeSpace"/> was fitted to, without the type and the metric of its rows.</summary>
/// <param name="Dimension">Components of the vectors.</param>
/// <param name="Rotation">Applied first; always there with a subspace.</param>
/// <param name="Subspace">Null when codes are made of all components.</param>
/// <param name="IsWhole">True when codes are the vectors themselves, whole numbers all.</param>
/// <param name="Step">The difference between neighbouring codes.</param>
/// <param name="Offset">What is taken off every vector: <see cref="FullLength"/> components.</param>
internal sealed record CodeSpaceState(int Dimension, RandomRotation? Rotation, Subspace? Subspace, bool IsWhole, float Step, float[] Offset)
{
    /// <summary>Floats of a vector before a subspace is taken.</summary>
    public int FullLength => FullLengthOf(Dimension, Rotation is not null, Subspace is not null);

    public static int FullLengthOf(int dimension, bool isRotated, bool isReduced) =>
        CodeLanes.Pad(isRotated && !isReduced ? RandomRotation.Pad(dimension) : dimension);
}
