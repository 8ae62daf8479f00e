using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>Columns of an answer as clients see them: one by one, or the sub-fields of one struct together.</summary>
/// <param name="Parent">The struct; null for a column of its own.</param>
internal readonly record struct ColumnGroup(StructFieldSchema? Parent, ImmutableArray<NamedColumn> Columns)
{
    /// <summary>The columns in their order, sub-fields where the first of their struct stands.</summary>
    public static ImmutableArray<ColumnGroup> Of(CollectionSchema schema, ImmutableArray<NamedColumn> columns)
    {
        if (schema.StructFields.IsEmpty) return [.. columns.Select(c => new ColumnGroup(null, [c]))];
        var groups = new List<ColumnGroup>(columns.Length);
        foreach (var column in columns)
        {
            var parent = column.IsDynamic || schema.Find(column.Name) is not { } field ? null : schema.ParentOf(field);
            var at = parent is null ? -1 : groups.FindIndex(g => g.Parent == parent);
            if (at < 0) groups.Add(new ColumnGroup(parent, [column]));
            else groups[at] = groups[at] with { Columns = groups[at].Columns.Add(column) };
        }
        return [.. groups];
    }
}
