namespace Milvus.Coordinator.Resources;

/// <summary>A hash of names that all nodes and versions share.</summary>
public static class NameHash
{
    /// <summary>FNV-1a over UTF-16 code units, its bits spread: names that differ in one letter have nothing in common.</summary>
    public static uint Of(string name)
    {
        var hash = 2166136261u;
        foreach (var c in name) hash = (hash ^ c) * 16777619u;
        hash = (hash ^ (hash >> 16)) * 0x7feb352du;
        hash = (hash ^ (hash >> 15)) * 0x846ca68bu;
        return hash ^ (hash >> 16);
    }
}
