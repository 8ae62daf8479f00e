import { client, ok, refused, assert, equal, fresh } from '../kit.mjs';

export const checks = {
  'users': async () => {
    const username = fresh('u');
    await ok(client.createUser({ username, password: 'secret12' }));
    await refused(client.createUser({ username, password: 'secret12' }), 1100, '');
    assert((await ok(client.listUsers())).usernames.includes(username), 'listed');
    await ok(client.updateUser({ username, oldPassword: 'secret12', newPassword: 'secret34' }));
    const wrong = await client.updateUser({ username, oldPassword: 'wrong-one', newPassword: 'secret56' });
    assert(wrong.error_code !== 'Success', 'a wrong old password');
    await ok(client.deleteUser({ username }));
    assert(!(await ok(client.listUsers())).usernames.includes(username), 'gone');
    await refused(client.deleteUser({ username: 'root' }), 1100, '').catch(e => assert(/expected code/.test(e.message), e.message));
  },
  'roles and grants': async () => {
    const [username, role] = [fresh('u'), fresh('r')];
    await ok(client.createUser({ username, password: 'secret12' }));
    await ok(client.createRole({ roleName: role }));
    equal((await ok(client.hasRole({ roleName: role }))).hasRole, true, 'has');
    await ok(client.addUserToRole({ username, roleName: role }));
    const described = (await ok(client.describeUser({ username, includeRoleInfo: true }))).results[0];
    equal(described.roles.map(r => r.name), [role], 'roles of the user');
    equal((await ok(client.describeRole({ roleName: role, includeUserInfo: true }))).results[0].users.map(u => u.name), [username], 'users of the role');
    await ok(client.grantRolePrivilege({ roleName: role, object: 'Collection', objectName: '*', privilegeName: 'Search' }));
    const grants = (await ok(client.listGrants({ roleName: role }))).entities;
    equal([grants.length, grants[0].grantor.privilege.name], [1, 'Search'], 'grants');
    await ok(client.grantPrivilegeV2({ role, privilege: 'Query', db_name: 'default', collection_name: '*' }));
    equal((await ok(client.listGrants({ roleName: role }))).entities.length, 2, 'after the second grant');
    await refused(client.dropRole({ roleName: role }), 1100, '').catch(e => assert(/expected code|success/.test(e.message), e.message));
    await ok(client.revokePrivilegeV2({ role, privilege: 'Query', db_name: 'default', collection_name: '*' }));
    await ok(client.revokeRolePrivilege({ roleName: role, object: 'Collection', objectName: '*', privilegeName: 'Search' }));
    await ok(client.removeUserFromRole({ username, roleName: role }));
    await ok(client.dropRole({ roleName: role }));
    equal((await ok(client.hasRole({ roleName: role }))).hasRole, false, 'gone');
    await ok(client.deleteUser({ username }));
  },
  'built-in roles': async () => {
    const names = (await ok(client.listRoles())).results.map(r => r.role.name);
    assert(names.includes('admin') && names.includes('public'), names.join());
  },
  'privilege groups': async () => {
    const group_name = fresh('pg');
    await ok(client.createPrivilegeGroup({ group_name }));
    await ok(client.addPrivilegesToGroup({ group_name, privileges: ['Query', 'Search'] }));
    const found = (await ok(client.listPrivilegeGroups())).privilege_groups.find(g => g.group_name === group_name);
    equal(found.privileges.map(p => p.name).sort(), ['Query', 'Search'], 'privileges');
    await ok(client.removePrivilegesFromGroup({ group_name, privileges: ['Query'] }));
    await ok(client.dropPrivilegeGroup({ group_name }));
  },
};
