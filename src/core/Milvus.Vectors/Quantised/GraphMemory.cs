using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>What the codes that a graph is searched by take in memory, before they are made.</summary>
public static class GraphMemory
{
    private const int LinksOfSigns = NeighbourCodes.Degree;

    /// <summary>Bytes per row beside the links.</summary>
    public static long CodeBytes(DataType type, int dimension, GraphCodes codes)
    {
        if (codes == GraphCodes.None || !CodeSpace.Serves(type))
            return 0;
        int width = codes == GraphCodes.Signs ? Rotated(dimension) : dimension;
        return CodeLanes.Pad(width) + sizeof(float) + (codes == GraphCodes.Signs ? NeighbourCodes.BytesOf(dimension) : 0);
    }

    /// <summary>Bytes per row of links and codes of a graph as AUTOINDEX builds it.</summary>
    public static long AutoIndexBytes(DataType type, int dimension, GraphCodes codes) =>
        (LinksOfSigns * sizeof(int)) + (LinksOfSigns * sizeof(int) / 12) + CodeBytes(type, dimension, codes);

    private static int Rotated(int dimension) => (dimension + (RandomRotation.Multiple - 1)) & ~(RandomRotation.Multiple - 1);
}
