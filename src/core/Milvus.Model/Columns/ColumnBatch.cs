using System.Collections.Immutable;

namespace Milvus.Model;

/// <summary>A column together with the id of the field it belongs to.</summary>
public readonly record struct FieldColumn(long FieldId, Column Column);

/// <summary>A column as a client names it: in requests and results.</summary>
/// <param name="IsDynamic">The column holds the dynamic field's JSON objects.</param>
public sealed record NamedColumn(string Name, Column Column, bool IsDynamic = false);

/// <summary>Rows as columns, every column with <see cref="RowCount"/> rows.</summary>
public sealed class ColumnBatch
{
    public ColumnBatch(int rowCount, ImmutableArray<FieldColumn> columns)
    {
        foreach (var c in columns)
            if (c.Column.Count != rowCount) throw new ArgumentException($"field {c.FieldId} has {c.Column.Count} rows, not {rowCount}", nameof(columns));
        RowCount = rowCount;
        Columns = columns;
    }

    public int RowCount { get; }

    public ImmutableArray<FieldColumn> Columns { get; }

    /// <summary>The field's column, or null when the batch does not have it.</summary>
    public Column? Find(long fieldId)
    {
        foreach (var c in Columns)
            if (c.FieldId == fieldId) return c.Column;
        return null;
    }

    public long ByteSize
    {
        get
        {
            long n = 0;
            foreach (var c in Columns) n += c.Column.ByteSize;
            return n;
        }
    }

    public ColumnBatch Slice(int start, int count) =>
        new(count, [.. Columns.Select(c => new FieldColumn(c.FieldId, c.Column.Slice(start, count)))]);

    public ColumnBatch Take(int[] rows) =>
        new(rows.Length, [.. Columns.Select(c => new FieldColumn(c.FieldId, c.Column.Take(rows)))]);
}

/// <summary>Sizes that the column layers share.</summary>
public static class ColumnLimits
{
    /// <summary>log2 of <see cref="BlockRows"/>.</summary>
    public const int BlockShift = 13;

    /// <summary>
    /// Rows in a block: the unit of column files, of their checksums and statistics, and of vectorised evaluation. A power of two and a
    /// multiple of 64, so that a block starts on a word of a bitset.
    /// </summary>
    public const int BlockRows = 1 << BlockShift;
}
