using Milvus.Coordinator.Commands;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Decisions;

public class DatabaseDecisionsTests
{
    [Fact]
    public void The_default_database_exists_and_stays()
    {
        var world = new World();
        Assert.Equal((1, "default"), (world.Catalog.GetDatabase("").Id, world.Catalog.GetDatabase("").Name));
        world.Refuses(new DropDatabase("default"), "can not drop default database");
        world.Refuses(new CreateDatabase("default"), "database already exist: default");
    }

    [Fact]
    public void A_database_is_created_altered_and_dropped()
    {
        var world = new World();
        var id = world.Do(new CreateDatabase("d") { Properties = Properties(("a", "1"), ("a", "2")) }).Id;
        Same(Properties(("a", "2")), world.Catalog.GetDatabase("d").Properties);
        Assert.Equal(id, world.Catalog.GetDatabase("d").Id);
        world.Do(new AlterDatabase("d") { SetProperties = Properties(("a", "3"), ("b", "4")) });
        world.DoesNothing(new AlterDatabase("d") { SetProperties = Properties(("b", "4")) });
        world.Do(new AlterDatabase("d") { DeleteKeys = ["a"] });
        Same(Properties(("b", "4")), world.Catalog.GetDatabase("d").Properties);
        world.Create("c", database: "d");
        world.Refuses(new DropDatabase("d"), "database:d not empty, must drop all collections before drop database");
        world.Do(new DropCollection("d", "c"));
        world.Do(new DropDatabase("d"));
        world.DoesNothing(new DropDatabase("d"));
        Assert.Null(world.Catalog.FindDatabase("d"));
    }

    [Theory]
    [InlineData("", "database name couldn't be empty")]
    [InlineData("1d", "the first character of a database name must be an underscore or letter")]
    [InlineData("d-d", "database name can only contain numbers, letters and underscores")]
    public void A_bad_name_is_802(string name, string text) => new World().Refuses(new CreateDatabase(name), ErrorCode.InvalidDatabaseName, text);

    [Fact]
    public void A_missing_database_is_800()
    {
        var world = new World();
        world.Refuses(new AlterDatabase("x") { DeleteKeys = ["a"] }, ErrorCode.DatabaseNotFound, "database not found[database=x]");
        world.Refuses(new CreateCollection("x", "c", Simple), ErrorCode.DatabaseNotFound, "database not found[database=x]");
        Assert.Equal(ErrorCode.DatabaseNotFound, Assert.Throws<MilvusException>(() => world.Catalog.ListCollections("x")).Code);
        Assert.Equal(ErrorCode.DatabaseNotFound, Assert.Throws<MilvusException>(() => world.Catalog.GetCollection("x", "c")).Code);
    }

    [Fact]
    public void The_number_of_databases_is_limited()
    {
        var world = new World();
        for (var i = 1; i < Limits.Databases; i++) world.Do(new CreateDatabase($"d{i}"));
        world.Refuses(new CreateDatabase("more"), ErrorCode.DatabaseLimitExceeded, "exceeded the limit number of database[limit=64]");
    }

    [Fact]
    public void The_number_of_collections_is_limited_by_a_property()
    {
        var world = new World();
        world.Do(new CreateDatabase("d") { Properties = Properties(("database.max.collections", "1")) });
        world.Create("a", database: "d");
        world.Refuses(new CreateCollection("d", "b", Simple), ErrorCode.CollectionLimitExceeded, "exceeded the limit number of collections[dbName=d][limit=1]");
        world.Create("b");
    }

    [Fact]
    public void Property_values_are_checked()
    {
        var world = new World();
        world.Refuses(new CreateDatabase("d") { Properties = Properties(("timezone", "Mars/Olympus")) }, "unknown or invalid IANA Time Zone ID: Mars/Olympus");
        world.Refuses(new AlterDatabase("default") { SetProperties = Properties(("database.max.collections", "0")) }, "database.max.collections");
        world.Refuses(new AlterDatabase("default") { SetProperties = Properties(("a", "b")), DeleteKeys = ["c"] }, "cannot provide both DeleteKeys and ExtraProperties");
    }
}
