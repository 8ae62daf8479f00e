using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Checked rows with every stored field, ready to be routed.</summary>
internal sealed class PreparedRows
{
    public PreparedRows(CollectionInfo collection, ImmutableArray<FieldColumn> columns, PrimaryKeys keys)
    {
        Collection = collection;
        Rows = new ColumnBatch(keys.Count, columns);
        Keys = keys;
    }

    public CollectionInfo Collection { get; }

    public ColumnBatch Rows { get; }

    public PrimaryKeys Keys { get; }

    public int Count => Rows.RowCount;
}
