using System.Collections.Immutable;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using Milvus.TestKit.Meta;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Service;

/// <summary>Random commands; whatever happens, a coordinator that starts from the store equals the one in memory.</summary>
public class RandomCommandsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_restart_after_any_command_gives_the_same_state(int seed)
    {
        var random = new Random(seed);
        var store = new InMemoryMetaStore();
        var flaky = new FlakyMetaStore(store);
        var time = new ManualTime();
        var coordinator = await Shell.StartAsync(flaky, time);
        var (accepted, rejected, last) = (0, 0, Timestamp.Zero);
        for (var step = 0; step < 500; step++)
        {
            time.UnixMs += random.Next(-50, 100);
            var version = coordinator.Catalog.Version;
            flaky.LoseNextAcknowledgement = random.Next(20) == 0;
            flaky.FailNextCommit = random.Next(20) == 0;
            try
            {
                var result = await coordinator.ExecuteAsync(RandomCommand(random));
                Assert.Equal(version + (result.Changed ? 1 : 0), coordinator.Catalog.Version);
                Assert.True(result.At > last, $"seed {seed}, step {step}: timestamps went back");
                last = result.At;
                accepted += result.Changed ? 1 : 0;
            }
            catch (MilvusException)
            {
                Assert.Equal(version, coordinator.Catalog.Version);
                rejected++;
            }
            if (random.Next(4) != 0) continue;
            // A kill: nothing of the old one is used any more.
            var before = Shell.Dump(coordinator.Catalog);
            flaky = new FlakyMetaStore(store);
            coordinator = await Shell.StartAsync(flaky, time);
            Assert.True(before == Shell.Dump(coordinator.Catalog), $"seed {seed}, step {step}: the state differs after a restart\n{before}\n{Shell.Dump(coordinator.Catalog)}");
        }
        Assert.True(accepted > 100 && rejected > 50, $"{accepted} accepted, {rejected} rejected: the commands are too tame");
    }

    [Fact]
    public async Task A_copy_that_is_told_the_changes_stays_the_same()
    {
        var removals = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var seed in new[] { 3, 4 })
        {
            var random = new Random(seed);
            await using var coordinator = await Shell.StartAsync(new InMemoryMetaStore());
            var copy = new Copy(coordinator.Catalog, removals);
            using var subscription = coordinator.Subscribe(copy);
            for (var step = 0; step < 500; step++)
            {
                try
                {
                    if (!(await coordinator.ExecuteAsync(RandomCommand(random))).Changed) continue;
                }
                catch (MilvusException)
                {
                    continue;
                }
                Assert.True(Shell.Dump(coordinator.Catalog) == Shell.Dump(copy.Catalog), $"seed {seed}, step {step}: the copy differs");
            }
        }
        Assert.Equal(["CollectionDropped", "DatabaseDropped", "PrivilegeGroupDropped", "ResourceGroupDropped", "RoleDropped", "UserDropped"], removals);
    }

    private static CoordinatorCommand RandomCommand(Random r)
    {
        string Pick(params string[] names) => names[r.Next(names.Length)];
        string Db() => r.Next(4) > 0 ? "" : Pick("default", "d1", "d2");
        string Name() => Pick("a", "b", "x");
        string Alias() => Pick("x", "y", "z");
        string Part() => Pick("p", "q", "_default");
        string Field() => Pick("v", "v", "s", "n", "f1", "tags");
        ImmutableArray<Property> Pairs() => Properties((Pick("k1", "k2", "collection.description", "dynamicfield.enabled"), "true"), (Pick("k3", "k4"), $"{r.Next(3)}"));
        string Role() => Pick("r1", "r2", "admin");
        string User() => Pick("u1", "u2", "root");
        Grant Grant() => new() { Privilege = Pick("Search", "Insert", "ClusterAdmin", "g1", "*"), ObjectName = Pick("*", "a"), Database = Pick("", "*"), Grantor = "root" };
        return r.Next(40) switch
        {
            0 => new CreateDatabase(Pick("d1", "d2")) { Properties = Properties(("k", $"{r.Next(3)}")) },
            1 => new DropDatabase(Pick("d1", "d2")),
            2 => new AlterDatabase(Db()) { SetProperties = Pairs() },
            3 => new AlterDatabase(Db()) { DeleteKeys = [Pick("k1", "k3")] },
            4 or 5 or 6 or 7 => new CreateCollection(Db(), Name(), RandomSchema(r)) { Shards = r.Next(3), ConsistencyLevel = (ConsistencyLevel)r.Next(4), Properties = Properties(("k", "v")) },
            8 => new DropCollection(Db(), Name()),
            9 => new RenameCollection(Db(), Name(), Name(), r.Next(3) == 0 ? Db() : ""),
            10 => new AlterCollection(Db(), Name()) { SetProperties = Pairs() },
            11 => new AlterCollection(Db(), Name()) { DeleteKeys = [Pick("k1", "k3")] },
            12 => new AlterField(Db(), Name(), Field()) { SetParams = Properties(("max_length", $"{r.Next(1, 100)}"), ("field.description", "é")) },
            13 => new AddField(Db(), Name(), VarChar(Field()) with { Nullable = true, Default = new Literal.Text("\"\u2028") }),
            14 => new TruncateCollection(Db(), Name()),
            15 or 16 => new CreatePartition(Db(), Name(), Part()),
            17 => new DropPartition(Db(), Name(), Part()),
            18 => new CreateAlias(Db(), Alias(), Name()),
            19 => new AlterAlias(Db(), Alias(), Name()),
            20 => new DropAlias(Db(), Alias()),
            21 or 22 => new CreateIndex(Db(), Name(), Field()) { IndexName = Pick("", "i1"), Params = Field() == "v" ? Properties(("index_type", "HNSW"), ("metric_type", "L2"), ("params", "{\"M\":16}")) : [] },
            23 => new AlterIndex(Db(), Name(), Field()) { SetParams = Properties(("mmap.enabled", Pick("true", "false"))) },
            24 => new DropIndex(Db(), Name()) { IndexName = Field() },
            25 or 26 => new LoadCollection(Db(), Name()) { Replicas = r.Next(3) },
            27 => new LoadPartitions(Db(), Name(), [Part()]),
            28 => new ReleaseCollection(Db(), Name()),
            29 => new ReleasePartitions(Db(), Name(), [Part()]),
            30 => new CreateUser(User(), "secret") { Description = "d" },
            31 => new UpdateUser(User()) { NewPassword = "secret2", Description = Pick("x", "y") },
            32 => r.Next(2) == 0 ? new DropUser(User()) : new GrantRole(User(), Role()),
            33 => r.Next(2) == 0 ? new RevokeRole(User(), Role()) : new CreateRole(Role()),
            34 => r.Next(2) == 0 ? new DropRole(Role(), r.Next(2) == 0) : new AlterRole(Role(), Pick("x", "y")),
            35 => r.Next(3) > 0 ? new GrantPrivilege(Role(), Grant()) : new RevokePrivilege(Role(), Grant()),
            36 => r.Next(2) == 0 ? new CreatePrivilegeGroup("g1") : new DropPrivilegeGroup("g1"),
            37 => r.Next(2) == 0 ? new AddPrivilegesToGroup("g1", [Pick("Search", "Query", "Insert")]) : new RemovePrivilegesFromGroup("g1", [Pick("Search", "Query")]),
            38 => r.Next(2) == 0 ? new CreateResourceGroup(Pick("rg1", "rg2"), new() { NodeLimit = r.Next(2), NodeLabels = Properties(("zone", "a")) }) : new DropResourceGroup(Pick("rg1", "rg2")),
            _ => r.Next(2) == 0 ? new TransferNodes(ResourceGroupInfo.DefaultName, "rg1", 1) : new TransferReplicas(Db(), Name(), ResourceGroupInfo.DefaultName, "rg1", 1),
        };
    }

    private static CollectionSchema RandomSchema(Random r)
    {
        var fields = ImmutableArray.CreateBuilder<FieldSchema>();
        fields.Add(r.Next(2) == 0 ? Key with { AutoId = true } : VarChar("id") with { IsPrimaryKey = true, Description = "key" });
        fields.Add(Vector("v"));
        fields.Add(Schemas.Field("s", DataType.VarChar, ("max_length", "50"), ("enable_analyzer", "true")));
        fields.Add(Schemas.Field("n", DataType.Int64) with { IsPartitionKey = r.Next(4) == 0, IsClusteringKey = r.Next(3) == 0 });
        fields.Add(Schemas.Field("tags", DataType.Array, ("max_capacity", "9")) with { ElementType = DataType.Int32, Nullable = true });
        fields.Add(Schemas.Field("d", DataType.Double) with { Default = new Literal.Float(0.1 + r.NextDouble()), Nullable = true });
        fields.Add(Schemas.Field("b", DataType.Bool) with { Default = new Literal.Bool(true) });
        var bm25 = r.Next(2) == 0;
        if (bm25) fields.Add(Sparse("sp"));
        return new CollectionSchema(
            fields.ToImmutable(),
            bm25 ? [new FunctionSchema { Name = "f", Type = FunctionType.BM25, InputFields = ["s"], OutputFields = ["sp"] }] : [],
            description: "random", enableDynamicField: r.Next(2) == 0);
    }

    private sealed class Copy(Catalog catalog, SortedSet<string> removals) : ICatalogObserver
    {
        public Catalog Catalog { get; private set; } = catalog;

        public ValueTask OnCatalogChangedAsync(CatalogChange change)
        {
            Catalog = CatalogReader.Apply(Catalog, CatalogReader.Describe(change));
            removals.UnionWith(change.Events.Select(e => e.GetType().Name).Where(n => n.EndsWith("Dropped", StringComparison.Ordinal)));
            return ValueTask.CompletedTask;
        }
    }
}
