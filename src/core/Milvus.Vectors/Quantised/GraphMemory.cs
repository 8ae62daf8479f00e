using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>What the codes that a graph is searched by take in memory, before they are made.</summary>
public static class GraphMemory
{
    private const int LinksOfSigns = NeighbourCodes.Degree;

    /// <summary>Bytes per row beside the links; rows near a subspace take less, which is known when they are met.</summary>
    public static long CodeBytes(DataType type, int dimension, GraphCodes codes)
    {
        if (codes == GraphCodes.None || !CodeSpace.Serves(type))
            return 0;
        if (dimension <= CodedTraversal.WidestInsteadOfSigns)
            codes = GraphCodes.Bytes;
        int width = codes == GraphCodes.Signs ? RandomRotation.Pad(dimension) : dimension;
        return CodeLanes.Pad(width) + sizeof(float) + (codes == GraphCodes.Signs ? NeighbourCodes.BytesOf(dimension) : 0);
    }

    /// <summary>
    /// Bytes per row beside what a file of a graph with byte codes holds: codes of neighbours, where they are wanted and the file has codes of all components.
    /// </summary>
    /// <param name="fileBytesPerRow">Links and codes; along a subspace there are at most half as many codes as components.</param>
    public static long NeighbourCodeBytes(int dimension, GraphCodes codes, long fileBytesPerRow) =>
        codes == GraphCodes.Signs && dimension > CodedTraversal.WidestInsteadOfSigns && fileBytesPerRow >= CodeLanes.Pad(dimension) ? NeighbourCodes.BytesOf(dimension) : 0;

    /// <summary>Bytes per row of links and codes of a graph as AUTOINDEX builds it.</summary>
    public static long AutoIndexBytes(DataType type, int dimension, GraphCodes codes) =>
        (LinksOfSigns * sizeof(int)) + (LinksOfSigns * sizeof(int) / 12) + CodeBytes(type, dimension, codes);
}
