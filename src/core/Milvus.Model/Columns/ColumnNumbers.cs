namespace Milvus.Model;

/// <summary>Values of columns as numbers, whatever numeric type the columns have.</summary>
public static class ColumnNumbers
{
    /// <summary>The value of a row that is not null; 64-bit integers are rounded.</summary>
    /// <exception cref="ArgumentException">The column has no numbers.</exception>
    public static double At(Column column, int row) => column switch
    {
        FixedColumn<double> c => c.Values[row],
        FixedColumn<float> c => c.Values[row],
        _ => IntegerAt(column, row),
    };

    /// <summary>The value of a row that is not null.</summary>
    /// <exception cref="ArgumentException">The column has no integers.</exception>
    public static long IntegerAt(Column column, int row) => column switch
    {
        FixedColumn<long> c => c.Values[row],
        FixedColumn<int> c => c.Values[row],
        FixedColumn<short> c => c.Values[row],
        FixedColumn<sbyte> c => c.Values[row],
        _ => throw new ArgumentException($"a column of {column.Type} has no numbers", nameof(column)),
    };
}
