using System.Text;
using System.Text.RegularExpressions;
using Milvus.Storage.Options;
using Npgsql;

namespace Milvus.Storage.Postgres;

/// <summary>Where the meta store lives and how long it waits. Its text never shows the password.</summary>
public sealed partial record PostgresMetaStoreOptions
{
    public const string DefaultSchema = "milvus";

    private readonly string _schema = DefaultSchema;
    private readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(5);
    private readonly TimeSpan _commandTimeout = TimeSpan.FromSeconds(15);
    private readonly int _maxConnections = 8;

    /// <param name="connectionString">
    /// In Npgsql's words, such as <c>Host=db;Database=milvus;Username=milvus;Password=…</c>. Several hosts may be named, separated by
    /// commas; the one that accepts writes is used.
    /// </param>
    /// <exception cref="ArgumentException">It names no host, or cannot be read.</exception>
    public PostgresMetaStoreOptions(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        ConnectionString = connectionString;
        if (string.IsNullOrEmpty(Parse().Host))
            throw new ArgumentException("the connection string of the meta store names no host", nameof(connectionString));
    }

    public string ConnectionString { get; }

    /// <summary>The database schema that holds the tables; created when missing. Stores of one schema share their entries and epoch.</summary>
    public string Schema
    {
        get => _schema;
        init => _schema = SchemaName().IsMatch(value)
            ? value
            : throw new ArgumentException($"'{value}' cannot be a schema: 1 to 63 lower-case letters, digits and underscores, not starting with a digit or 'pg_'", nameof(value));
    }

    /// <summary>How long one connection attempt may take; 1 to 300 s. Takes precedence over the connection string's <c>Timeout</c>.</summary>
    public TimeSpan ConnectTimeout
    {
        get => _connectTimeout;
        init => _connectTimeout = OptionRange.Seconds(value, 1, 300, nameof(ConnectTimeout));
    }

    /// <summary>How long the database may take for one request; 1 to 300 s. Takes precedence over the connection string's <c>Command Timeout</c>.</summary>
    public TimeSpan CommandTimeout
    {
        get => _commandTimeout;
        init => _commandTimeout = OptionRange.Seconds(value, 1, 300, nameof(CommandTimeout));
    }

    /// <summary>Connections the store holds at most; 1 to 100.</summary>
    public int MaxConnections
    {
        get => _maxConnections;
        init => _maxConnections = OptionRange.Within(value, 1, 100, nameof(MaxConnections));
    }

    internal NpgsqlConnectionStringBuilder ToBuilder()
    {
        var builder = Parse();
        builder.Timeout = (int)Math.Ceiling(ConnectTimeout.TotalSeconds);
        builder.CommandTimeout = (int)Math.Ceiling(CommandTimeout.TotalSeconds);
        builder.MaxPoolSize = MaxConnections;
        builder.MinPoolSize = 0;
        builder.Pooling = true;
        builder.Enlist = false;
        builder.ApplicationName ??= "milvus";
        if (builder.Host!.Contains(',', StringComparison.Ordinal) && !builder.ShouldSerialize("Target Session Attributes"))
            builder.TargetSessionAttributes = "read-write";
        return builder;
    }

    // The parser's own message may quote a piece of the password, so it is not passed on.
    private NpgsqlConnectionStringBuilder Parse()
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw new ArgumentException("the connection string of the meta store cannot be read: it must be 'Word=value;…' in Npgsql's words");
        }
    }

    private bool PrintMembers(StringBuilder text)
    {
        text.Append($"{MetaDatabase.NameOf(Parse())}, {nameof(Schema)} = {Schema}");
        return true;
    }

    [GeneratedRegex("^(?!pg_)[a-z_][a-z0-9_]{0,62}$")]
    private static partial Regex SchemaName();
}
