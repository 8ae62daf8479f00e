using Npgsql;

namespace Milvus.Actors.Hosting;

/// <summary>Reads what operators give as <c>--database</c>.</summary>
public static class NodeDatabase
{
    /// <summary>Journals and metadata have pools of their own; this many connections each at most.</summary>
    public const int PoolSize = 30;

    /// <summary>Milliseconds after which the database gives up a transaction whose node has fallen silent; below the time in which the others take its work over.</summary>
    public const int AbandonedTransactionMs = 5000;

    /// <summary>An Npgsql connection string from one, or from a URL <c>postgres://user:password@host:port/database</c>.</summary>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static string ConnectionString(string database)
    {
        var builder = Uri.TryCreate(database, UriKind.Absolute, out var url) && url.Scheme is "postgres" or "postgresql"
            ? FromUrl(url!)
            : new NpgsqlConnectionStringBuilder(database);
        if (!builder.ShouldSerialize("Maximum Pool Size")) builder.MaxPoolSize = PoolSize;
        if (!builder.ShouldSerialize("Timeout")) builder.Timeout = 5;
        // Below the journal's circuit breaker, which waits 40 s.
        if (!builder.ShouldSerialize("Command Timeout")) builder.CommandTimeout = 30;
        if (!builder.ShouldSerialize("Keepalive")) builder.KeepAlive = 10;
        // A node that freezes inside a transaction holds the row that it was writing: whoever takes its channel over would wait for that row for ever.
        if (!builder.ShouldSerialize("Options")) builder.Options = $"-c idle_in_transaction_session_timeout={AbandonedTransactionMs}";
        return builder.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder FromUrl(Uri url)
    {
        var builder = new NpgsqlConnectionStringBuilder { Host = url.Host, Port = url.Port > 0 ? url.Port : 5432 };
        var user = url.UserInfo.Split(':', 2);
        if (user[0].Length > 0) builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) builder.Password = Uri.UnescapeDataString(user[1]);
        if (url.AbsolutePath.Trim('/') is { Length: > 0 } name) builder.Database = Uri.UnescapeDataString(name);
        return builder;
    }
}
