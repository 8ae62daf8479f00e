using Milvus.Model;

namespace Milvus.Embedded.Shards;

/// <summary>Compares primary keys across columns: integers by value, strings by their bytes.</summary>
internal static class KeyOrder
{
    public static int Compare(PrimaryKeys a, int i, PrimaryKeys b, int j) =>
        a.IsInt64 ? a.Int64s[i].CompareTo(b.Int64s[j]) : a.Strings[i].SequenceCompareTo(b.Strings[j]);

    public static bool AreEqual(PrimaryKeys a, int i, PrimaryKeys b, int j) =>
        a.IsInt64 ? a.Int64s[i] == b.Int64s[j] : a.Strings[i].SequenceEqual(b.Strings[j]);
}
