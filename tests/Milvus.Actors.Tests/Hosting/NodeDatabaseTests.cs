using Milvus.Actors.Hosting;
using Milvus.TestKit.Postgres;
using Npgsql;

namespace Milvus.Actors.Tests.Hosting;

public sealed class NodeDatabaseTests
{
    [Fact]
    public void A_url_says_the_same_as_words()
    {
        var words = new NpgsqlConnectionStringBuilder(NodeDatabase.ConnectionString("Host=db;Port=5433;Database=vectors;Username=milvus;Password=s@cret"));
        var url = new NpgsqlConnectionStringBuilder(NodeDatabase.ConnectionString("postgres://milvus:s%40cret@db:5433/vectors"));
        Assert.True(words.EquivalentTo(url));
    }

    [Fact]
    public void What_the_operator_leaves_open_is_set()
    {
        var read = new NpgsqlConnectionStringBuilder(NodeDatabase.ConnectionString("Host=db"));
        Assert.Equal((NodeDatabase.PoolSize, 30, 10), (read.MaxPoolSize, read.CommandTimeout, read.KeepAlive));
        Assert.Equal($"-c idle_in_transaction_session_timeout={NodeDatabase.AbandonedTransactionMs}", read.Options);
    }

    [Fact]
    public void What_the_operator_says_stays()
    {
        var read = new NpgsqlConnectionStringBuilder(NodeDatabase.ConnectionString("Host=db;Maximum Pool Size=3;Command Timeout=7;Options=-c search_path=vectors"));
        Assert.Equal((3, 7, "-c search_path=vectors"), (read.MaxPoolSize, read.CommandTimeout, read.Options));
    }

    [PostgresFact]
    public async Task A_transaction_that_a_frozen_node_left_open_does_not_hold_up_its_successor()
    {
        var database = NodeDatabase.ConnectionString((await PostgresServer.SharedAsync()).ConnectionString);
        await using var source = NpgsqlDataSource.Create(database);
        await using (var create = source.CreateCommand("create table if not exists frozen (id bigint primary key)")) await create.ExecuteNonQueryAsync();
        // The first writes a row and falls silent; the second wants to write the same one, and waits for the database to decide.
        await using var frozen = await source.OpenConnectionAsync();
        await using var transaction = await frozen.BeginTransactionAsync();
        await using (var first = new NpgsqlCommand("insert into frozen values (1)", frozen, transaction)) await first.ExecuteNonQueryAsync();
        await using (var second = source.CreateCommand("insert into frozen values (1)")) Assert.Equal(1, await second.ExecuteNonQueryAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
        await using var drop = source.CreateCommand("drop table frozen");
        await drop.ExecuteNonQueryAsync();
    }
}
