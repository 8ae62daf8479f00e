using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Proxy.Access;

/// <summary>What an administrator has switched off for a database by its properties <c>database.force.deny.…</c>.</summary>
internal static class DatabaseDenials
{
    private const string Prefix = "database.force.deny.";

    /// <exception cref="MilvusException">9: switched off.</exception>
    public static void Check(DatabaseInfo? database, ProxyOperation operation)
    {
        if (database is null || database.Properties.IsEmpty) return;
        switch (operation)
        {
            case ProxyOperation.Insert or ProxyOperation.Upsert or ProxyOperation.Delete:
                Refuse(database, "writing");
                break;
            case ProxyOperation.Query or ProxyOperation.Search or ProxyOperation.HybridSearch:
                Refuse(database, "reading");
                break;
            case ProxyOperation.Flush:
                Refuse(database, "ddl");
                Refuse(database, "flush");
                break;
        }
    }

    /// <summary>Commands on databases, users and the like are never denied: one of them lifts the denial.</summary>
    /// <exception cref="MilvusException">9: switched off.</exception>
    public static void Check(DatabaseInfo? database, CoordinatorCommand command)
    {
        if (database is null || database.Properties.IsEmpty || command is not DatabaseCommand) return;
        Refuse(database, "ddl");
        Refuse(database, command switch
        {
            CreatePartition or DropPartition or LoadPartitions or ReleasePartitions => "partitionDDL",
            CreateIndex or AlterIndex or DropIndex => "index",
            _ => "collectionDDL",
        });
    }

    private static void Refuse(DatabaseInfo database, string what)
    {
        foreach (var (key, value) in database.Properties)
            if (ParamText.IsTrue(value) && key.Length == Prefix.Length + what.Length && key.StartsWith(Prefix, StringComparison.Ordinal) && key.EndsWith(what, StringComparison.Ordinal))
                throw new MilvusException(ErrorCode.QuotaExceeded, "quota exceeded[reason=access has been disabled by the administrator]");
    }
}
