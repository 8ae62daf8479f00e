using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Names;

/// <summary>Edits of ordered key-value lists; keys stay unique and keep their place.</summary>
internal static class PropertyList
{
    public static string? Get(this ImmutableArray<Property> list, string key)
    {
        foreach (var p in list)
            if (p.Key == key) return p.Value;
        return null;
    }

    public static ImmutableArray<Property> Set(this ImmutableArray<Property> list, string key, string value)
    {
        for (var i = 0; i < list.Length; i++)
            if (list[i].Key == key) return list.SetItem(i, new(key, value));
        return list.Add(new(key, value));
    }

    /// <summary>Sets every pair of <paramref name="changes"/>, then removes <paramref name="deleteKeys"/>.</summary>
    public static ImmutableArray<Property> Edit(this ImmutableArray<Property> list, ImmutableArray<Property> changes, ImmutableArray<string> deleteKeys)
    {
        foreach (var p in changes) list = list.Set(p.Key, p.Value);
        return deleteKeys.IsEmpty ? list : list.RemoveAll(p => deleteKeys.Contains(p.Key));
    }

    /// <summary>The last value of each key, in order of first appearance.</summary>
    public static ImmutableArray<Property> Distinct(this ImmutableArray<Property> list) => ImmutableArray<Property>.Empty.Edit(list, []);
}
