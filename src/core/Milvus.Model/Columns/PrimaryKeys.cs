namespace Milvus.Model;

/// <summary>A column of primary keys: Int64 or VarChar, never null. A thin view that names the two cases.</summary>
public readonly struct PrimaryKeys
{
    /// <exception cref="ArgumentException">The column is neither Int64 nor VarChar.</exception>
    public PrimaryKeys(Column column)
    {
        if (column.Type is not (DataType.Int64 or DataType.VarChar)) throw new ArgumentException($"{column.Type} is no primary key type", nameof(column));
        Column = column;
    }

    public Column Column { get; }

    public int Count => Column.Count;

    public bool IsInt64 => Column.Type == DataType.Int64;

    public ReadOnlySpan<long> Int64s => ((FixedColumn<long>)Column).Values;

    public BinaryColumn Strings => (BinaryColumn)Column;

    public static PrimaryKeys Of(params long[] keys) => new(new FixedColumn<long>(DataType.Int64, keys));

    public static PrimaryKeys Of(params string[] keys) => new(BinaryColumn.FromStrings(DataType.VarChar, keys));

    public PrimaryKeys Slice(int start, int count) => new(Column.Slice(start, count));

    public PrimaryKeys Take(ReadOnlySpan<int> rows) => new(Column.Take(rows));
}
