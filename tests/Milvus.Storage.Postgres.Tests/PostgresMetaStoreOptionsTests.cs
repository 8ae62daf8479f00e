using Milvus.Storage.Meta;
using Npgsql;

namespace Milvus.Storage.Postgres.Tests;

public sealed class PostgresMetaStoreOptionsTests
{
    private const string Secret = "s3cr3t-word";

    [Fact]
    public void The_password_is_never_shown()
    {
        var options = new PostgresMetaStoreOptions($"Host=db.example;Port=5433;Database=meta;Username=m;Password={Secret}");

        Assert.Equal("PostgresMetaStoreOptions { PostgreSQL db.example:5433/meta, Schema = milvus }", options.ToString());
    }

    [Theory]
    [InlineData($"Host=db;{Secret}")]
    [InlineData($"Host=db;Password=a;{Secret}=b")]
    [InlineData($"Host=db;Port={Secret}")]
    [InlineData($"Database={Secret}")]
    public void A_connection_string_that_cannot_be_read_is_not_repeated(string text) =>
        Assert.DoesNotContain(Secret, Assert.Throws<ArgumentException>(() => new PostgresMetaStoreOptions(text)).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("Milvus")]
    [InlineData("1a")]
    [InlineData("a\"b")]
    [InlineData("a;--")]
    [InlineData("pg_mine")]
    public void A_schema_is_a_plain_name(string schema) =>
        Assert.Throws<ArgumentException>(() => new PostgresMetaStoreOptions("Host=db") { Schema = schema });

    [Fact]
    public void Of_several_hosts_the_writable_one_is_used()
    {
        Assert.Equal("read-write", new PostgresMetaStoreOptions("Host=a,b").ToBuilder().TargetSessionAttributes);
        Assert.Equal("any", new PostgresMetaStoreOptions("Host=a,b;Target Session Attributes=any").ToBuilder().TargetSessionAttributes);
        Assert.Null(new PostgresMetaStoreOptions("Host=a").ToBuilder().TargetSessionAttributes);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        silent.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // Bound but not listening: refuses.
        var port = ((System.Net.IPEndPoint)silent.LocalEndPoint!).Port;
        var options = new PostgresMetaStoreOptions($"Host=127.0.0.1;Port={port};Database=meta;Username=m;Password={Secret}");

        var e = await Assert.ThrowsAsync<IOException>(() => PostgresMetaStore.OpenAsync(options));

        Assert.StartsWith($"PostgreSQL 127.0.0.1:{port}/meta: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, e.ToString(), StringComparison.Ordinal);
        await using var store = new PostgresMetaStore(options);
        await Assert.ThrowsAsync<IOException>(() => store.CommitAsync([MetaMutation.Delete("k")], 1));
    }
}
